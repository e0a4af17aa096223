"""The matrix of protocols: seven dialects to seven, feature by feature.

python -m matrix.protocols           say which cells are wrong, and which pages are out of date
python -m matrix.protocols --write   write the pages
"""

from __future__ import annotations

import argparse
import sys

from matrix.protocols_pages import ROWS, cells, differing, write
from matrix.protocols_stones import DIALECTS


def main(arguments: list[str]) -> int:
    """The exit code is 1 if a cell is wrong, or a page is not what the code gives."""
    parser = argparse.ArgumentParser(prog="python -m matrix.protocols", description="Dialects translated.")
    parser.add_argument("--write", action="store_true", help="write the pages")
    chosen = parser.parse_args(arguments)
    wrong = [
        f"{feature}, {source} to {target}, {form}: {text}"
        for feature in ROWS
        for source in DIALECTS
        for target in DIALECTS
        for form, cell in zip(("plain", "stream", "cut"), cells(feature, source, target), strict=True)
        for text in cell.wrong
    ]
    print("\n".join(wrong) or "no cell is wrong")
    for path in write() if chosen.write else differing():
        print(("written: " if chosen.write else "out of date: ") + path)
    return int(bool(wrong) or (not chosen.write and bool(differing())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
