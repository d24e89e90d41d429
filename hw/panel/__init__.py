"""The panel: stack light, ring light, buzzer, presence sensor, officer's key switch, tamper switch."""
