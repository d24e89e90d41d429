"""The officer's card."""
