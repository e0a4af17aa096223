"""An earlier report beside this one: the same rows, samples, targets and comparators."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tokentape.errors import UsageError
from tokentape.evaluation.reporting.columns import UNKNOWN, Mark, Verdicts, share
from tokentape.evaluation.reporting.figures import BaselineFigures, Since
from tokentape.evaluation.reporting.pairing import corrected, of_verdicts
from tokentape.evaluation.reporting.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.evaluation.reporting.tally import Tally
    from tokentape.wire.interaction import Json


class _Line(NamedTuple):
    """One row of the earlier report."""

    same: bytes
    sample: int
    target: str
    verdicts: list[Json]


class _Earlier:
    """The earlier verdicts, in columns beside those of now."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._lines = {
            name: {
                key: line for line, key in enumerate(zip(each.columns.row, each.columns.sample, strict=True))
            }
            for name, each in tally.targets.items()
        }
        self.columns = {
            name: {comparator: Verdicts(len(each.columns)) for comparator in each.columns.verdicts}
            for name, each in tally.targets.items()
        }
        self.met = {name: bytearray(len(each.columns)) for name, each in tally.targets.items()}
        self.only_then = 0

    def add(self, found: _Line) -> None:
        row = self._tally.rows.known(found.same)
        line = None if row is None else self._lines.get(found.target, {}).get((row, found.sample))
        if line is None:
            self.only_then += 1
            return
        self.met[found.target][line] = 1
        for verdict in found.verdicts:
            if isinstance(verdict, dict) and verdict.get("name") in self.columns[found.target]:
                column = self.columns[found.target][str(verdict["name"])]
                _set(column, line, verdict)

    @property
    def only_now(self) -> int:
        return sum(each.count(0) for each in self.met.values())


def _set(column: Verdicts, line: int, verdict: dict[str, Json]) -> None:
    score, passed = verdict.get("score"), verdict.get("passed")
    column.scores[line] = share(score) if isinstance(score, int | float) else UNKNOWN
    if isinstance(passed, bool):
        column.marks[line] = Mark.PASSED if passed else Mark.FAILED
    elif score is not None:
        column.marks[line] = Mark.SCORED


def read_baseline(path: str | Path, tally: Tally) -> BaselineFigures:
    """Compare with an earlier report's JSON, which is read row by row. Raises `UsageError` for a file that is
    none, or holds its worst rows only: they say nothing of the others.
    """
    tally.fill_up()
    earlier = _Earlier(tally)
    head: dict[str, str] = {}
    with _opened(path) as reading:
        _read(reading, earlier, head, path)
    comparisons = _comparisons(tally, earlier, head.get("made_at", ""))
    return BaselineFigures(
        made_at=head.get("made_at", ""),
        title=head.get("title", ""),
        comparisons=comparisons,
        only_now=earlier.only_now,
        only_then=earlier.only_then,
    )


def check_baseline(path: str | Path) -> None:
    """Raises `UsageError` for a file that is no report by its beginning: before a run is paid for that is to
    be compared with it.
    """
    with _opened(path) as reading:
        if next(reading.members(), "") != "tokentape_report":
            raise _wrong(path, "it is no report of tokentape")
        _check_form(reading.value(), path)


@contextmanager
def _opened(path: str | Path) -> Iterator[Reading]:
    try:
        with Path(path).open(encoding="utf-8") as file:
            yield Reading(file)
    except OSError as error:
        raise UsageError(f"--baseline {path}: {error.strerror or error}") from error
    except ValueError as error:
        if isinstance(error, UsageError):
            raise
        raise _wrong(path, f"it is no JSON ({error})") from error


def _check_form(form: Json, path: str | Path) -> None:
    if form != 1:
        raise _wrong(path, f"it is a report of form {form!r}, and this program reads form 1")


def _wrong(path: str | Path, why: str) -> UsageError:
    return UsageError(f"--baseline {path}: {why}; give a report's JSON (`tokentape report --json FILE`)")


def _read(reading: Reading, earlier: _Earlier, head: dict[str, str], path: str | Path) -> None:
    met: set[str] = set()
    for name in reading.members():
        met.add(name)
        if name == "rows" and "tokentape_report" in met:
            for row in reading.elements():
                earlier.add(_line(row, path))
            continue
        value = reading.value()
        if name == "tokentape_report":
            _check_form(value, path)
        if name in ("made_at", "title") and isinstance(value, str):
            head[name] = value
        if name == "rows_left_out" and value:
            raise _wrong(
                path, f"{value} of its rows were left out, and the worst ones say nothing of the others"
            )
    if not {"tokentape_report", "rows"} <= met:
        raise _wrong(path, "it is no report of tokentape")


def _line(row: Json, path: str | Path) -> _Line:
    match row:
        case {"same": str(same), "sample": int(sample), "target": str(target), "verdicts": list(verdicts)}:
            try:
                return _Line(bytes.fromhex(same), sample, target, verdicts)
            except ValueError:
                pass
    raise _wrong(path, "one of its rows is none of a report")


def _comparisons(tally: Tally, earlier: _Earlier, made_at: str) -> tuple[Since, ...]:
    """One family of tests over all targets and comparators."""
    makes, raws = [], []
    against = f"the report of {made_at}" if made_at else "the earlier report"
    for target, comparator, before in _columns(earlier):
        columns = tally.targets[target].columns
        lines = [(line, line, columns.cluster[line]) for line, met in enumerate(earlier.met[target]) if met]
        raw = of_verdicts(before, columns.verdicts[comparator], lines, against)
        if raw is not None:
            makes.append(partial(Since, target=target, comparator=comparator))
            raws.append(raw)
    return tuple(corrected(raws, makes))


def _columns(earlier: _Earlier) -> Iterator[tuple[str, str, Verdicts]]:
    for target, columns in earlier.columns.items():
        for comparator, column in columns.items():
            yield target, comparator, column
