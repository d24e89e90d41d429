"""Interchange records: one file per record type, an encoder and a strict decoder each."""
