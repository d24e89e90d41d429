"""`python -m hw`, and the `hw` command."""

import sys

from hw.commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
