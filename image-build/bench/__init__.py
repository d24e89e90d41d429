"""The image on a bench: QEMU for the board, the test host for the devices. `make image-test`."""
