"""The `hw` command: what devices are there, whether they work, and a simulation of them."""
