"""Fingerprint minutiae: is this the same finger, and whose finger is this."""
