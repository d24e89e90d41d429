# make run | test | bench | sim        Each target does its own set-up. See README.md.
.PHONY: help run sim test check bench havoc fuzz soak snapshots image image-test clean
PYTHON = .venv/bin/python

help:
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

run: ## set up, then the kiosk with simulated devices (no display: it enrols one resident by itself)
	@image-build/setup.sh runtime
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then $(PYTHON) -m kiosk run --sim; \
	else $(PYTHON) -m kiosk demo --out out; fi

sim: ## the same application in the environment of the appliance's units, with simulated devices
	@image-build/setup.sh runtime
	set -a && . systemd/root/usr/lib/kiosk/environment && exec $(PYTHON) -m kiosk run --sim

test: ## set up, then every check and test
	@image-build/setup.sh dev
	@$(MAKE) --no-print-directory check
	$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -rs

check: ## format, lint, types, import contracts
	$(PYTHON) -m ruff format --check --quiet .
	$(PYTHON) -m ruff check --quiet .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports --no-cache

bench: ## measure; table on screen, out/bench.json
	@image-build/setup.sh dev
	$(PYTHON) -m tests.bench

fuzz: ## give the readers of records and packets, and the receiver, damaged ones for MINUTES=5
	@image-build/setup.sh dev
	$(PYTHON) -m tests.fuzz --seconds $$(( $(or $(MINUTES),5) * 60 / 13 ))

havoc: ## deliver PACKETS=1000 while server, uplink, receivers and line are killed
	@image-build/setup.sh dev
	$(PYTHON) -m tests.uplink.havoc --packets $(or $(PACKETS),1000)

soak: ## a thousand openings and ten thousand frames of every driver, for leaks, in MINUTES=90 at most
	@image-build/setup.sh dev
	$(PYTHON) -m tests.hw.soak --minutes $(or $(MINUTES),90)

snapshots: ## draw every screen in every language and text size into out/gallery
	@image-build/setup.sh dev
	$(PYTHON) -m kiosk.ui.gallery --out out/gallery

image: ## build the appliance's image into build/image (as root; see image-build/README.md)
	@image-build/setup.sh dev
	@PYTHONPATH=image-build $(PYTHON) -m appliance build

image-test: image ## boot the image in QEMU and check it, QUICK=1 one start only; report in out/image-test
	@PYTHONPATH=image-build:. $(PYTHON) -m bench $(if $(QUICK),--quick)

clean: ## remove what was built, keep var/
	rm -rf out build *.egg-info .mypy_cache .ruff_cache
