"""The builder's packages lie in image-build, which no other room imports."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "image-build"))
