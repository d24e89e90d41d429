"""The card's plan and the words for the firmware."""

from appliance import layout
from bench.firmware import chosen_partition

VERITY = layout.Verity(blocks=1000, salt="5a" * 32, root_hash="ab" * 32)


def test_slots_of_a_kind_are_of_one_size() -> None:
    assert layout.BOOT_A.size_mib == layout.BOOT_B.size_mib
    assert layout.ROOT_A.size_mib == layout.ROOT_B.size_mib


def test_the_data_partition_is_last_so_that_it_can_grow() -> None:
    assert layout.PARTITIONS[-1] is layout.DATA


def test_the_plan_fits_the_smallest_card() -> None:
    assert sum(part.size_mib for part in layout.PARTITIONS) < 3_500


def test_the_firmware_starts_the_settled_slot_and_tries_the_other_only_when_asked() -> None:
    text = layout.autoboot(settled=layout.BOOT_A, trial=layout.BOOT_B)
    assert chosen_partition(text, trial=False) == layout.number_of(layout.BOOT_A) == 2
    assert chosen_partition(text, trial=True) == layout.number_of(layout.BOOT_B) == 3


def test_the_command_line_carries_the_hash_and_fits_the_kernel() -> None:
    line = layout.command_line(VERITY)
    assert f"kiosk.verity=1000:{VERITY.salt}:{VERITY.root_hash}" in line.split()
    assert len(line) < 2048  # COMMAND_LINE_SIZE of arm64
    assert line.endswith("\n")
    assert line.count("\n") == 1


def test_an_empty_slot_has_no_image() -> None:
    text = layout.genimage_config({"boot-a": "boot.img", "root-a": "root.img"})
    assert text.count("image = ") == 2
    for part in layout.PARTITIONS:
        assert f"partition {part.label} {{" in text
