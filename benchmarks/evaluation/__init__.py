"""100 000 recorded calls keyed, grouped and scored by exact, fuzzy and json: tokentape in one process and on Daft, and
agentrec, which does the same for its report. Each step runs in a process of its own, on data of its own form.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import python_of
from benchmarks.measure import Row

AGENTREC = "agentrec==1.0.0"
TARGET = "claude-haiku-4-5"
COMPARE = "exact,fuzzy,json"
CALLS, FEW = 100_000, 10_000
FEWER, ONE, EXPORT = "fewer, in one process", "in one process", "export to Parquet"
DAFT, AGENTREC_ROW = "on Daft, from Parquet", "agentrec"
HERE = Path(__file__).parent

NOTE = """\
100 000 calls of a generated corpus are keyed, grouped and scored by `exact`, `fuzzy` and `json`: extraction to JSON, labels,
prose, calls of tools and turns of conversations, of 20 to 4000 characters, in two dialects, one call in ten made before;
and the streamed answers of a target. agentrec reads a folder of JSON files, tokentape a SQLite store, Daft the Parquet
files that were exported from it, which is a step of its own. In one process tokentape does more than agentrec with each
pair: answers are found by the request that the target would get, and prices and clusters are known. agentrec's `fuzzy` is
another measure (`difflib`), and cheap on long texts, of which it takes frequent letters for noise. The aim, ten times as fast
as agentrec, is not reached: neither in one process, which is slower, nor on Daft. Times of the processor are to be
compared: what else runs on a machine lengthens those on the clock."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a step took: seconds, seconds of CPU, megabytes at most, and what it found."""

    seconds: float
    cpu: float
    peak: float
    rows: int

    def over(self, other: Ran) -> float:
        """How many times as long as the other a pair takes."""
        return (self.seconds / self.rows) / (other.seconds / other.rows)

    def costs_over(self, other: Ran) -> float:
        """The same, in time of the processor, which others on the machine do not lengthen."""
        return (self.cpu / self.rows) / (other.cpu / other.rows)


def run(*, quick: bool = False) -> list[Row]:
    """Seconds, megabytes and ratios."""
    count, few = (200, 50) if quick else (CALLS, FEW)
    python = python_of(AGENTREC)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = folder / "few.db", folder / "all.db"
        _made("ours", small, few)
        _made("ours", large, count)
        steps = {
            FEWER: _ran("ours", small, COMPARE),
            ONE: _ran("ours", large, COMPARE),
            EXPORT: _ran("bulk", "export", large, folder / "rows"),
            DAFT: _ran("bulk", "score", folder / "rows", COMPARE),
        }
        if python is not None:
            _made("theirs", folder / "theirs", count)
            peer = [python, str(HERE / "agentrec_peer.py"), str(folder / "theirs"), TARGET, COMPARE]
            steps[AGENTREC_ROW] = _told(peer)
    return figures(count, few, steps)


def _made(form: str, place: Path, count: int) -> None:
    subprocess.run(
        [sys.executable, "-m", "benchmarks.evaluation.making", form, str(place), str(count)], check=True
    )


def _ran(module: str, *words: object) -> Ran:
    return _told([sys.executable, "-m", f"benchmarks.evaluation.{module}", *map(str, words)])


def _told(command: Sequence[str]) -> Ran:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return Ran(found["seconds"], found["cpu"], found["peak"], found["rows"])


def figures(count: int, few: int, steps: Mapping[str, Ran]) -> list[Row]:
    """The rows, by what each step took."""
    rows = [
        row
        for what, ran in steps.items()
        for row in (
            Row(what, ran.seconds, "s"),
            Row(f"{what}, of the processor", ran.cpu, "s"),
            Row(f"{what}, peak memory", ran.peak, "MB"),
        )
        if what != FEWER
    ]
    rows.append(
        Row(f"in one process, memory of {count} over {few}", steps[ONE].peak / steps[FEWER].peak, "x")
    )
    theirs = steps.get(AGENTREC_ROW)
    if theirs is not None:
        one, daft = steps[ONE], steps[DAFT]
        rows += [
            Row("agentrec over tokentape in one process, processor time", theirs.costs_over(one), "x"),
            Row("agentrec over tokentape on Daft, processor time", theirs.costs_over(daft), "x"),
            Row("agentrec over tokentape on Daft, time", theirs.over(daft), "x"),
            Row("agentrec over tokentape in one process, memory", theirs.peak / one.peak, "x"),
            Row("agentrec over tokentape on Daft, memory", theirs.peak / daft.peak, "x"),
        ]
    return rows
