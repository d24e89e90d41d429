"""`python -m tests.bench`: what the kiosk's parts cost and how well they agree with their references."""
