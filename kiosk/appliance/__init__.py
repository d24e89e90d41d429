"""The kiosk as an appliance: watched, provisioned, updated and reset by the system around it."""
