"""Where the kiosk is, and what time the satellites tell."""
