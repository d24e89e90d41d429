"""The face camera."""
