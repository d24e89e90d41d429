"""Builds the appliance's image and boots it for tests. `make image`, `make image-test`."""
