"""Sealed packets: records, manifest, signatures, encryption, opening, verifying. Bytes in, bytes out."""
