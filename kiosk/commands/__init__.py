"""Subcommands of `kiosk`. Each module has `configure(subparsers)`; its heavy imports wait for the run."""
