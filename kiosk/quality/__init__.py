"""Pixels to quality reports: pure functions over arrays, one file family per modality."""
