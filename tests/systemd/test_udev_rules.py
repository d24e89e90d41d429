"""udev's own judgement of devices that umockdev lets it see: known ones get a driver, a group and a name."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "systemd/root/usr/lib/udev/rules.d"
USB = "/devices/pci0000:00/usb1/1-1"


def _can_mount() -> bool:
    if not all(map(shutil.which, ("umockdev-run", "udevadm", "unshare"))):
        return False
    tried = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    return tried.returncode == 0


pytestmark = pytest.mark.skipif(
    not _can_mount(), reason="needs umockdev, udevadm and a mount namespace of its own (Debian: umockdev, udev)"
)


@dataclass(frozen=True)
class Interface:
    """USB class, subclass and protocol in hexadecimal."""

    vendor: str
    product: str
    usb_class: str
    subclass: str = "00"
    protocol: str = "00"

    def description(self) -> str:
        return (
            f"P: {USB}\nN: bus/usb/001/002\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\nE: MAJOR=189\nE: MINOR=1\n"
            f"A: idVendor={self.vendor}\\n\nA: idProduct={self.product}\\n\nA: serial=S1\\n\n\n"
            f"P: {USB}/1-1:1.0\nE: DEVTYPE=usb_interface\nE: SUBSYSTEM=usb\nA: authorized=0\\n\n"
            f"A: bInterfaceClass={self.usb_class}\\n\nA: bInterfaceSubClass={self.subclass}\\n\n"
            f"A: bInterfaceProtocol={self.protocol}\\n\n\n"
        )


def told(description: str, path: str, folder: Path) -> str:
    """What udev says it would do with the device."""
    devices = folder / "devices.umockdev"
    devices.write_text(description)
    script = (
        f"mount -t tmpfs tmpfs /run && mount --bind {RULES} /usr/lib/udev/rules.d"
        f" && umockdev-run --device {devices} -- udevadm test --action=add /sys{path} 2>&1"
    )
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def judged(interface: Interface, folder: Path) -> str:
    return told(interface.description(), f"{USB}/1-1:1.0", folder)


@pytest.mark.parametrize(
    ("interface", "kind"),
    [
        pytest.param(Interface("046d", "085e", "0e", "01"), "camera", id="any camera"),
        pytest.param(Interface("04b8", "0e15", "07", "01", "02"), "printer", id="any printer"),
        pytest.param(Interface("076b", "3031", "0b"), "card_reader", id="any card reader"),
        pytest.param(Interface("0403", "6001", "ff"), "serial", id="FTDI adapter"),
        pytest.param(Interface("10c4", "ea60", "ff"), "serial", id="CP210x adapter"),
        pytest.param(Interface("0c2e", "0200", "02", "02", "01"), "serial", id="code scanner"),
        pytest.param(Interface("04df", "0012", "03"), "signature", id="signature pad"),
        pytest.param(Interface("0eef", "c000", "03"), "touch", id="touch panel"),
        pytest.param(Interface("0781", "5581", "08", "06", "50"), "storage", id="USB stick"),
    ],
)
def test_a_known_interface_is_offered_to_the_drivers(interface: Interface, kind: str, tmp_path: Path) -> None:
    said = judged(interface, tmp_path)
    assert f"KIOSK_USB={kind}\n" in said
    assert "writing '1'" in said
    assert "drivers_probe" in said


@pytest.mark.parametrize(
    "interface",
    [
        pytest.param(Interface("413c", "2113", "03", "01", "01"), id="a keyboard"),
        pytest.param(Interface("0eef", "c000", "03", "01", "01"), id="a keyboard inside a touch panel"),
        pytest.param(Interface("0bda", "8153", "02", "06"), id="a network card (CDC ethernet)"),
        pytest.param(Interface("0bda", "8153", "ff", "ff"), id="a network card of its maker's own"),
        pytest.param(Interface("0c2e", "0200", "03", "01", "01"), id="a scanner that types"),
        pytest.param(Interface("1d6b", "0104", "e0", "01", "03"), id="remote NDIS"),
        pytest.param(Interface("18d1", "4ee1", "06", "01", "01"), id="a telephone"),
        pytest.param(Interface("04e8", "6860", "02", "02", "01"), id="a telephone's modem"),
        pytest.param(Interface("0403", "ffff", "ff"), id="something else of a known maker"),
    ],
)
def test_a_strange_interface_gets_no_driver(interface: Interface, tmp_path: Path) -> None:
    said = judged(interface, tmp_path)
    assert "KIOSK_USB_REFUSED=1\n" in said
    assert "writing '0'" in said
    assert "drivers_probe" not in said


def test_a_root_hub_refuses_by_default(tmp_path: Path) -> None:
    hub = (
        "P: /devices/pci0000:00/usb1\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\n"
        "A: interface_authorized_default=1\\n\n"
    )
    said = told(hub, "/devices/pci0000:00/usb1", tmp_path)
    assert "interface_authorized_default' writing '0'" in said


FAT = "E: ID_FS_USAGE=filesystem\nE: ID_FS_TYPE=exfat\n"


def node(name: str, subsystem: str, *, attributes: str = "", properties: str = "") -> str:
    return (
        f"P: {USB}/1-1:1.0/{subsystem}/{name}\nN: {name}\nE: DEVNAME=/dev/{name}\nE: SUBSYSTEM={subsystem}\n"
        f"E: MAJOR=200\nE: MINOR=0\n{properties}{attributes}\n"
    )


@pytest.mark.parametrize(
    ("interface", "described", "link"),
    [
        (Interface("0c2e", "0200", "02"), node("ttyACM0", "tty"), "kiosk/code"),
        (Interface("0403", "6001", "ff"), node("ttyUSB0", "tty"), "kiosk/finger"),
        (Interface("1546", "01a8", "02"), node("ttyACM1", "tty"), "kiosk/position"),
        (Interface("04df", "0012", "03"), node("hidraw0", "hidraw"), "kiosk/signature"),
        (
            Interface("046d", "085e", "0e"),
            node("video0", "video4linux", attributes="A: index=0\\n\n"),
            "kiosk/face",
        ),
        (Interface("0781", "5581", "08"), node("sda1", "block", properties=FAT), "kiosk/stick"),
    ],
    ids=["code", "finger", "position", "signature", "face", "stick"],
)
def test_a_device_has_one_name_and_a_group(
    interface: Interface, described: str, link: str, tmp_path: Path
) -> None:
    path = described.splitlines()[0].removeprefix("P: ")
    said = told(interface.description() + described, path, tmp_path)
    assert f"LINK '{link}'" in said
    # The stick is mounted by the service manager; nobody opens its node.
    assert (" GROUP " in said) == (link != "kiosk/stick")


def test_a_cameras_metadata_node_is_not_the_camera(tmp_path: Path) -> None:
    camera = Interface("046d", "085e", "0e").description()
    second = node("video1", "video4linux", attributes="A: index=1\\n\n")
    assert "kiosk/face" not in told(camera + second, f"{USB}/1-1:1.0/video4linux/video1", tmp_path)


def test_a_stick_with_another_file_system_is_no_stick(tmp_path: Path) -> None:
    stick = Interface("0781", "5581", "08").description()
    other = node("sda1", "block", properties="E: ID_FS_USAGE=filesystem\nE: ID_FS_TYPE=ext4\n")
    assert "kiosk/stick" not in told(stick + other, f"{USB}/1-1:1.0/block/sda1", tmp_path)


@pytest.mark.parametrize("label", ["KIOSK-ORDER", "KIOSK-KEYS", "HOLIDAY"])
def test_only_sticks_of_these_names_are_asked_by_themselves(label: str, tmp_path: Path) -> None:
    stick = Interface("0781", "5581", "08").description()
    described = node("sda1", "block", properties=f"{FAT}E: ID_FS_LABEL={label}\n")
    said = told(stick + described, f"{USB}/1-1:1.0/block/sda1", tmp_path)
    assert ("SYSTEMD_WANTS=kiosk-order.service" in said) == (label == "KIOSK-ORDER")
    assert ("SYSTEMD_WANTS=kiosk-keys.service" in said) == (label == "KIOSK-KEYS")
