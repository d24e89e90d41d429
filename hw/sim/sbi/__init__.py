"""A simulated SBI scanner: a whole service on the loopback, with keys, records and faults."""
