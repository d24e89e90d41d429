"""The KTP-el enrollment kiosk."""

__version__ = "0.1.0"
