"""What the root is made of, as far as it can be said without building it."""

import subprocess
import sys
from pathlib import Path

from appliance.debian import package_names
from appliance.root import SIMULATION, environment_of

ROOT = Path(__file__).parents[2]
FLAGS = environment_of((ROOT / "image-build/kernels.env").read_text())


def test_comments_are_no_packages() -> None:
    assert package_names("# why\nudev\n\n dbus \n") == ("udev", "dbus")


def test_no_package_is_named_twice() -> None:
    names = package_names((ROOT / "image-build/debian-packages.txt").read_text())
    assert len(names) == len(set(names))


def test_the_simulation_stays_out_and_is_really_there() -> None:
    assert all((ROOT / name).exists() for name in SIMULATION)


def test_the_processor_of_the_kernels_does_not_depend_on_the_board() -> None:
    assert FLAGS["NUMBA_CPU_NAME"] == "cortex-a72"
    assert FLAGS["NUMBA_CPU_FEATURES"]


def test_the_locator_of_the_kernels_is_the_kiosks_own() -> None:
    module, _, name = FLAGS["NUMBA_CACHE_LOCATOR_CLASSES"].rpartition(".")
    assert module == "kiosk.kernel_cache"
    assert name in (ROOT / "kiosk/kernel_cache.py").read_text()


def test_a_unit_starts_without_the_simulation(tmp_path: Path) -> None:
    """Exit status 2 is the answer to the missing configuration, given after the start's imports."""
    names = [name.removesuffix(".py").replace("/", ".") for name in SIMULATION]
    ask = (
        f"import sys; sys.modules.update(dict.fromkeys({names!r})); "
        "from kiosk.__main__ import main; "
        f"sys.exit(main(['run', '--config', {str(tmp_path / 'kiosk.toml')!r}]))"
    )
    answer = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 2, answer.stderr


def test_name_servers_of_the_network_become_those_of_the_resolver(tmp_path: Path) -> None:
    state, names = tmp_path / "state", tmp_path / "resolv.conf"
    state.write_text("OPER_STATE=routable\nDNS=192.0.2.53 2001:db8::53#dns.example\nNTP=192.0.2.1\n")
    subprocess.run([ROOT / "image-build/root/usr/lib/kiosk/write-names", state, names], check=True)
    assert names.read_text() == "nameserver 192.0.2.53\nnameserver 2001:db8::53\n"


def test_a_network_without_name_servers_leaves_none(tmp_path: Path) -> None:
    state, names = tmp_path / "state", tmp_path / "resolv.conf"
    state.write_text("OPER_STATE=carrier\n")
    names.write_text("nameserver 192.0.2.53\n")
    subprocess.run([ROOT / "image-build/root/usr/lib/kiosk/write-names", state, names], check=True)
    assert not names.read_text()
