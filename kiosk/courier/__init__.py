"""Packets that travel by hand: the folder on a stick, and the ledger of who had it."""
