"""Devices of the enrollment kiosk. Imports nothing of `kiosk` and nothing of Kivy."""
