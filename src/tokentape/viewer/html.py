"""A report as one HTML file that opens from disk: no server, no network, no other file.

The figures and a list of the rows are read when the page opens; the rows themselves lie in compressed blocks,
and a block is unpacked when one of its rows is looked at, or searched. So a page with 10 000 rows opens
as fast as one with ten.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, TextIO

from tokentape.viewer.blocks import Blocks
from tokentape.viewer.listing import Listing
from tokentape.viewer.text import packed, page_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

READING = "The report is being read. If this stays, the file is not whole."
"""What the page says before its script, which stands last, has run."""
MOST_ROWS = 10_000
"""Rows in a page. They come worst first, so what is left out is the best."""
MOST_BYTES = 64 * 1024 * 1024
"""What the rows of a page may take, as they stand in the file."""


def write_html(
    out: TextIO,
    figures_json: Mapping[str, object],
    rows: Iterable[Mapping[str, object]],
    *,
    most_rows: int = MOST_ROWS,
    most_bytes: int = MOST_BYTES,
) -> int:
    """Write the page; the number of rows that were left out.

    `figures_json` is the report as JSON without its rows, `rows` are the rows, worst first; both as
    `docs/reference/viewer.md` says. Rows are read once and not kept. From the first row on that does not fit
    into `most_rows` and `most_bytes` the rows are counted only, and the page says so.
    """
    figures = {name: value for name, value in figures_json.items() if name != "rows"}
    _head(out, str(figures.get("title") or "Report"))
    _data(out, "tokentape-figures", page_json(figures))
    listing, blocks = Listing(), Blocks(out)
    left_out = 0
    for row in rows:
        if left_out or listing.count == most_rows or blocks.bytes_written > most_bytes:
            left_out += 1
        else:
            blocks.add(row)
            listing.add(row)
    blocks.close()
    _data(out, "tokentape-listing", packed(page_json(listing.columns())), kind="text/plain")
    _data(out, "tokentape-rows", page_json({"blocks": blocks.starts, "left_out": left_out}))
    out.write(f"<script>{_bundled('viewer.js')}</script>\n</body>\n</html>\n")
    return left_out


def policy() -> str:
    """What the page may do: run its own script, use its own style, show images that it holds."""
    script, style = _digest(_bundled("viewer.js")), _digest(_bundled("viewer.css"))
    return (
        f"default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _head(out: TextIO, title: str) -> None:
    out.write(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{_visible(title)}</title>\n<style>{_bundled('viewer.css')}</style>\n</head>\n<body>\n"
        f'<div id="app"><p>{READING}</p></div>\n'
        "<noscript>This page shows its figures with JavaScript.</noscript>\n"
    )


def _data(out: TextIO, name: str, text: str, *, kind: str = "application/json") -> None:
    out.write(f'<script type="{kind}" id="{name}">{text}</script>\n')


def _visible(title: str) -> str:
    """As text of the page; a lone surrogate cannot be written as UTF-8."""
    return escape(title.encode("utf-8", "replace").decode("utf-8"))


def _bundled(name: str) -> str:
    return resources.files("tokentape.viewer").joinpath("bundle", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
