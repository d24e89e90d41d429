"""What leaves the unit: nft's own reading of the rules, and real connections through them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kiosk.appliance.firewall import Endpoint, elements, endpoint_of

RULES = Path(__file__).parents[2] / "systemd/root/usr/lib/kiosk/firewall.nft"


@pytest.mark.parametrize(
    ("store", "endpoint"),
    [
        ("s3://ktp?endpoint=https://store.example:9000", Endpoint("store.example", 9000)),
        ("s3://ktp?endpoint=https://store.example&region=id", Endpoint("store.example", 443)),
        ("s3://ktp?endpoint=https://[2001:db8::7]:8443", Endpoint("2001:db8::7", 8443)),
        ("s3://ktp", Endpoint("ktp.s3.amazonaws.com", 443)),
        ("s3://ktp?endpoint=http://127.0.0.1:8333", None),
        ("file:///media/courier", None),
        ("", None),
    ],
)
def test_the_store_is_read_from_the_configuration(store: str, endpoint: Endpoint | None) -> None:
    assert endpoint_of(store) == endpoint


def test_only_addresses_become_rules() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        elements(Endpoint("x", 443), ["203.0.113.7 } ; flush ruleset"])


def test_no_address_changes_nothing() -> None:
    assert elements(Endpoint("x", 443), []) == ""
    assert elements(Endpoint("x", 443), ["224.0.0.1"]) == ""


def _may_make_networks() -> bool:
    if os.geteuid() or not all(map(shutil.which, ("nft", "unshare", "setpriv", "ip"))):
        return False
    return not subprocess.run(
        ["unshare", "--net", "nft", "list", "ruleset"], capture_output=True, check=False
    ).returncode


WALK = textwrap.dedent("""
    import json, os, socket, sys

    def reaches(address, port, uid):
        child = os.fork()
        if child:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        os.setresuid(uid, uid, uid)
        try:
            with socket.socket() as line:
                line.settimeout(20)
                line.connect((address, port))
        except OSError:
            os._exit(1)
        os._exit(0)

    listeners = []
    for family, address in ((socket.AF_INET, "203.0.113.7"), (socket.AF_INET, "203.0.113.8")):
        for port in (443, 8443):
            listeners.append(socket.create_server((address, port), family=family))
    print(json.dumps({name: reaches(*way) for name, way in json.loads(sys.argv[1]).items()}))
""")


@pytest.mark.skipif(
    not _may_make_networks(), reason="needs root, nft, ip and a network namespace (Debian: nftables)"
)
def test_a_sender_reaches_the_store_and_nobody_else(tmp_path: Path) -> None:
    """In a network of its own, whose far addresses are its own: the rule for `lo` is narrowed to 127/8."""
    rules = tmp_path / "rules.nft"
    text = RULES.read_text().replace('"_chrony"', "886")
    narrowed = text.replace('oifname "lo" accept', 'oifname "lo" ip daddr 127.0.0.0/8 accept')
    assert narrowed != text
    rules.write_text(narrowed)
    (tmp_path / "store.nft").write_text(elements(Endpoint("x", 443), ["203.0.113.7", "2001:db8::7"]))
    (tmp_path / "walk.py").write_text(WALK)
    ways = {
        "uplink to the store": ("203.0.113.7", 443, 881),
        "uplink to another port": ("203.0.113.7", 8443, 881),
        "uplink to a neighbour": ("203.0.113.8", 443, 881),
        "screen to the store": ("203.0.113.7", 443, 880),
        "root to the store": ("203.0.113.7", 443, 0),
    }
    script = (
        "set -e; ip link set lo up; "
        "ip address add 203.0.113.7/24 dev lo; ip address add 203.0.113.8/24 dev lo; "
        f"nft -f {rules}; nft -f {rules}; nft -f {tmp_path}/store.nft; nft -f {tmp_path}/store.nft; "
        f"exec {sys.executable} -I {tmp_path}/walk.py '{json.dumps(ways)}'"
    )
    done = subprocess.run(["unshare", "--net", "sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reached = {name for name, whether in json.loads(done.stdout).items() if whether}
    assert reached == {"uplink to the store"}
