"""What was spent, as somebody asks for it: filtered, grouped, as JSON or CSV."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.gateway.usage.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.wire.interaction import Json

    Sum = tuple[dict[str, str], Sums]

BY = (
    "day", "hour", "client", "session", "tag", "upstream", "model", "asked_model", "dialect", "operation",
    "status", "counted_by", "charged_by", "id",
)  # fmt: skip
"""What requests can be grouped and filtered by; `id`: each for itself."""
_TIMES = {"day": "%Y-%m-%d", "hour": "%Y-%m-%dT%H"}
_MOST = 10_000
"""Groups of one report; the rest is one group, so that the sums are right."""
REST = "(rest)"


@dataclass(frozen=True, slots=True)
class Question:
    """From `start` up to `end` (seconds, UTC; excluded), `by` what, `only` those with these values."""

    start: float | None = None
    end: float | None = None
    by: tuple[str, ...] = ("client", "model")
    only: Mapping[str, str] = field(default_factory=dict)
    as_csv: bool = False


def read_question(asked: Mapping[str, str]) -> Question:
    """A query: `from`, `to` (a day or a moment, in UTC, or seconds), `by=client,model`, `format=json|csv`,
    and any name of `BY` as a filter. A day as `to` is included. Raises `UsageError`.
    """
    known = {"from", "to", "by", "format", *BY}
    if unknown := sorted(asked.keys() - known):
        raise UsageError(f"usage: unknown parameter {unknown[0]!r}; known are {', '.join(sorted(known))}")
    by = tuple(name.strip() for name in asked.get("by", "client,model").split(",") if name.strip())
    if strange := [name for name in by if name not in BY]:
        raise UsageError(f"usage: by={strange[0]!r} is unknown; known are {', '.join(BY)}")
    form = asked.get("format", "json")
    if form not in ("json", "csv"):
        raise UsageError(f"usage: format={form!r} is unknown; known are json, csv")
    only = {name: value for name, value in asked.items() if name in BY}
    start, end = _moment(asked.get("from"), "from"), _moment(asked.get("to"), "to")
    return Question(start, end, tuple(dict.fromkeys(by)), only, form == "csv")


def _moment(said: str | None, name: str) -> float | None:
    if said is None or not said.strip():
        return None
    said = said.strip()
    try:
        if said.replace(".", "", 1).isdigit() and said.isascii():
            return datetime.fromtimestamp(float(said), UTC).timestamp()
        found = datetime.fromisoformat(said.replace(" ", "+") if "T" in said else said)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        if name == "to" and len(said) == len("2026-11-21"):
            found += timedelta(days=1)
        return found.timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"usage: {name}={said!r} is no time; write 2026-11-21 or 2026-11-21T09:30") from None


@dataclass(frozen=True, slots=True)
class Report:
    """Groups in order of their names, and the sums over all."""

    question: Question
    groups: tuple[Sum, ...]
    total: Sums

    def json(self) -> dict[str, Json]:
        """As JSON."""
        asked = self.question
        return {
            "from": _iso(asked.start),
            "to": _iso(asked.end),
            "by": list(asked.by),
            "groups": [{**names, **sums.told()} for names, sums in self.groups],
            "total": self.total.told(),
        }

    def csv(self) -> str:
        """As CSV (RFC 4180), a line for each group. Names come from clients: a spreadsheet must not take one
        for a formula.
        """
        file = io.StringIO(newline="")
        writer = csv.writer(file)
        writer.writerow([*self.question.by, *self.total.told()])
        for names, sums in self.groups:
            told = {**sums.told(), "usd": f"{sums.usd:f}"}
            writer.writerow([*(_cell(names[name]) for name in self.question.by), *told.values()])
        return file.getvalue()


def _cell(text: str) -> str:
    """What begins like a formula gets a quote before it, which spreadsheets show as text."""
    is_formula = text.lstrip()[:1] in _FORMULA and text != "-"
    return f"'{text}" if is_formula or text[:1] in _BLANK else text


_FORMULA = frozenset("=+-@|%")
_BLANK = frozenset("\t\r\n")


def answer(
    asked: Question, rows: Iterable[Mapping[str, Json]] = (), *, sums: Iterable[Sum] | None = None
) -> Report:
    """The report on `rows`; or on `sums` that are kept already, which know less. Raises `UsageError` if it
    is asked for what those do not know.
    """
    groups: dict[tuple[str, ...], Sums] = {}
    total = Sums()
    if sums is not None:
        for names, found in _chosen(asked, sums):
            _group(groups, tuple(names[name] for name in asked.by)).merge(found)
            total.merge(found)
    for row in rows:
        if all(named(row, name) == value for name, value in asked.only.items()):
            _group(groups, tuple(named(row, name) for name in asked.by)).add(row)
            total.add(row)
    shown = ((dict(zip(asked.by, key, strict=True)), found) for key, found in sorted(groups.items()))
    return Report(asked, tuple(shown), total)


def _group(groups: dict[tuple[str, ...], Sums], key: tuple[str, ...]) -> Sums:
    if key not in groups and len(groups) >= _MOST:
        key = tuple(REST for _ in key)
    return groups.setdefault(key, Sums())


def _chosen(asked: Question, sums: Iterable[Sum]) -> Iterable[Sum]:
    """Those that are asked for. Sums in memory are kept by day."""
    for names, found in sums:
        if missing := sorted({*asked.by, *asked.only} - names.keys()):
            raise UsageError(f"usage: {missing[0]!r} is only known where [usage] has a directory")
        at = datetime.fromisoformat(names["day"]).replace(tzinfo=UTC).timestamp()
        is_in = (asked.start is None or at >= asked.start) and (asked.end is None or at < asked.end)
        if is_in and all(names[name] == value for name, value in asked.only.items()):
            yield names, found


def named(row: Mapping[str, Json], name: str) -> str:
    """What a line says of `name`; "-" where it says nothing."""
    if name in _TIMES:
        at = row.get("at")
        return time.strftime(_TIMES[name], time.gmtime(at if isinstance(at, int | float) else 0))
    value = row.get(name)
    return "-" if value is None else str(value)


def _iso(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat()
