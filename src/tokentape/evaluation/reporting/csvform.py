"""The rows as CSV (RFC 4180), one line for each row, target and sample, for spreadsheets and data frames.

A spreadsheet takes a cell that begins with one of `=`, `+`, `-`, `@` for a formula, which may fetch or run
something: such a text gets an apostrophe before it, which spreadsheets do not show. Numbers stay numbers.
A text is cut where a spreadsheet's cell ends, which is also before Python's reader gives up (131 072 signs).
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from tokentape.evaluation.reporting.rowtext import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tokentape.evaluation.reporting.report import Report
    from tokentape.wire.interaction import Json

_PLAIN = (
    "id", "cassette", "same", "cluster", "times", "at", "category", "model", "provider", "dialect", "target",
    "sample", "status", "reason", "badness",
)  # fmt: skip
_FACTS = ("seconds", "first", "tokens_in", "tokens_out", "usd", "stop")
_SIDES = ("before", "after")
_OF_VERDICT = ("score", "passed", "reason")
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What begins a formula; blanks and the wide signs count for some programs, too."""
LONGEST = 32_000
"""Characters of a cell; Excel takes 32 767."""


def columns_of(report: Report) -> list[str]:
    """The names of the columns: of the row, of both replies, of each comparator, and the texts last."""
    facts = [f"{side}_{name}" for side in _SIDES for name in _FACTS]
    verdicts = [f"{name}_{what}" for name in report.figures.compare for what in _OF_VERDICT]
    return [*_PLAIN, *facts, *verdicts, "losses", "asked", "before", "after"]


def csv_pieces(report: Report, limit: int | None = None) -> Iterator[str]:
    """The lines, the names first, then the rows, worst first. Each can be written as UTF-8."""
    yield _written(columns_of(report))
    for row in report.rows(limit):
        yield _written(_line(row, report.figures.compare))


def _written(cells: Iterable[Json]) -> str:
    line = StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(map(safe, cells))
    return line.getvalue()


def _line(row: Mapping[str, Json], comparators: tuple[str, ...]) -> Iterator[Json]:
    facts, verdicts = row["facts"], row["verdicts"]
    by_side = facts if isinstance(facts, dict) else {}
    by_name = (
        {each["name"]: each for each in verdicts if isinstance(each, dict)}
        if isinstance(verdicts, list)
        else {}
    )
    yield from (row[name] for name in _PLAIN)
    for side in _SIDES:
        found = by_side[side]
        yield from (found[name] if isinstance(found, dict) else None for name in _FACTS)
    for name in comparators:
        verdict = by_name.get(name, {})
        yield from (verdict.get(what) for what in _OF_VERDICT)
    losses = row["losses"] if isinstance(row["losses"], list) else []
    yield "; ".join(
        f"{each['path']}: {each['what']}: {each['why']}" for each in losses if isinstance(each, dict)
    )
    yield from (said(row[name]) for name in ("asked", "before", "after"))


def safe(value: Json) -> str | float | int:
    """A cell. An unknown is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    text = str(value).encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}... ({len(text) - LONGEST} characters more)"
    return f"'{text}" if text.startswith(_STARTS) else text
