"""Sessions of devices, recorded on their wires and played again."""
