"""Simulated devices: they speak the real wire, and are left out of the release image."""
