"""The uplink, a process of its own: sealed packets from the outbox to an object store, receipts back."""
