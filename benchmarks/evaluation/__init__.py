"""100 000 recorded calls keyed, grouped and scored by exact, fuzzy and json: tokentape in one process and on Daft, and
agentrec, which does the same for its report. Each step runs in a process of its own, on data of its own form.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import python_of
from benchmarks.measure import Row

AGENTREC = "agentrec==1.0.0"
TARGET = "claude-haiku-4-5"
COMPARE = "exact,fuzzy,json"
CALLS, FEW = 100_000, 10_000
HERE = Path(__file__).parent

NOTE = """\
A generated corpus: extraction to JSON, labels, prose, calls of tools and turns of conversations, of 20 to 4000 characters,
in two dialects, one call in ten made before; and the streamed answers of a target. agentrec reads a folder of JSON files,
tokentape a SQLite store, Daft the Parquet files that were exported from it. Times are of the processor, since the machine
is shared; Daft's are the sum over its threads. agentrec's `fuzzy` is another measure (`difflib`), and cheaper than it
should be: it takes frequent letters of long texts for noise."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a step took: seconds of CPU, megabytes at most, and what it found."""

    cpu: float
    peak: float
    rows: int
    totals: dict[str, list[float]]


def run(*, quick: bool = False) -> list[Row]:
    """Seconds, megabytes and ratios."""
    count, few = (200, 50) if quick else (CALLS, FEW)
    python = python_of(AGENTREC)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = folder / "few.db", folder / "all.db"
        for place, size in ((small, few), (large, count)):
            _made("ours", place, size)
        less, ours = _ran("ours", small, COMPARE), _ran("ours", large, COMPARE)
        exported = _ran("bulk", "export", large, folder / "rows")
        daft = _ran("bulk", "score", folder / "rows", COMPARE)
        rows = [*_ours(count, few, ours, less), *_daft(exported, daft)]
        if python is None:
            return rows
        _made("theirs", folder / "theirs", count)
        theirs = _told([python, str(HERE / "agentrec_peer.py"), str(folder / "theirs"), TARGET, COMPARE])
    return [*rows, *_beside(theirs, ours, daft)]


def _made(form: str, place: Path, count: int) -> None:
    subprocess.run(
        [sys.executable, "-m", "benchmarks.evaluation.making", form, str(place), str(count)], check=True
    )


def _ran(module: str, *words: object) -> Ran:
    return _told([sys.executable, "-m", f"benchmarks.evaluation.{module}", *map(str, words)])


def _told(command: Sequence[str]) -> Ran:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return Ran(found["cpu"], found["peak"], found["rows"], found["totals"])


def _ours(count: int, few: int, ours: Ran, less: Ran) -> list[Row]:
    return [
        Row(f"{count} calls and their answers: tokentape, in one process", ours.cpu, "s"),
        Row("the same, a scored pair", ours.cpu / ours.rows * 1e6, "us"),
        Row("the same, peak memory", ours.peak, "MB"),
        Row(f"peak memory of {count} calls over that of {few}", ours.peak / less.peak, "x"),
    ]


def _daft(exported: Ran, daft: Ran) -> list[Row]:
    return [
        Row("export to Parquet, with the answers", exported.cpu, "s"),
        Row("export to Parquet, peak memory", exported.peak, "MB"),
        Row("the same job over Parquet, on Daft", daft.cpu, "s"),
        Row("the same, a scored pair", daft.cpu / daft.rows * 1e6, "us"),
        Row("the same, peak memory", daft.peak, "MB"),
    ]


def _beside(theirs: Ran, ours: Ran, daft: Ran) -> list[Row]:
    pair = theirs.cpu / theirs.rows
    return [
        Row("agentrec", theirs.cpu, "s"),
        Row("agentrec, a scored pair", pair * 1e6, "us"),
        Row("agentrec, peak memory", theirs.peak, "MB"),
        Row("agentrec over tokentape in one process, a pair", pair / (ours.cpu / ours.rows), "x"),
        Row("agentrec over tokentape on Daft, a pair", pair / (daft.cpu / daft.rows), "x"),
        Row("agentrec over tokentape in one process, peak memory", theirs.peak / ours.peak, "x"),
    ]
