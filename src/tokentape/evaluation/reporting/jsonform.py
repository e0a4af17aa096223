"""The report as JSON, row by row, so that its size does not matter. Each row is one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.evaluation.reporting.plainjson import dumped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.evaluation.reporting.report import Report


def json_pieces(report: Report, limit: int | None = None) -> Iterator[str]:
    """The text, in pieces, ASCII only. `limit`: so many rows, the worst ones."""
    for at, (name, value) in enumerate(report.figures_json().items()):
        yield f"{',' if at else '{'}\n{dumped(name)}:{dumped(value)}"
    yield ',\n"rows":['
    count = 0
    for count, row in enumerate(report.rows(limit), start=1):
        yield f"{',' if count > 1 else ''}\n{dumped(row)}"
    yield f'],\n"rows_left_out":{report.count - count}}}\n'
