"""Run the matrix: here, or in every environment."""

from __future__ import annotations

import sys

from matrix.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
