"""Replaying OpenAI SDK calls, loading included, against the same calls on an in-memory transport.

Claims: 200 calls in one cassette cost at most 1.15 times the in-memory calls; the cost per call stays
flat up to 10 000 calls.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from benchmarks.measure import Row, interleaved, ratio
from benchmarks.recorders import RECORDERS, ask_all, quiet, remember
from tokentape.testing.provider import Provider

CALLS = 200
FLAT = (10, 1000, 10_000)


def run() -> list[Row]:
    """Record with each recorder, then replay in turns, each run in a process of its own."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        url = _record(folder, CALLS, list(RECORDERS))
        names = [name for name in RECORDERS if name != "vcrpy"]
        jobs = _jobs(names, folder, CALLS, url)
        figures = interleaved(jobs, rounds=7)
        figures_slow = (
            interleaved(
                {
                    name: lambda name=name: _replayed(name, folder, CALLS, url)
                    for name in ("vcrpy", "in_memory")
                },
                rounds=1,
            )
            if "vcrpy" in RECORDERS
            else {}
        )
        for name in names:
            if name != "in_memory":
                limit = 1.15 if name == "tokentape" else None
                rows.append(
                    Row(
                        f"replay {CALLS} calls, {name} over in-memory",
                        ratio(figures, name, "in_memory"),
                        "x",
                        limit,
                    )
                )
        if figures_slow:
            rows.append(
                Row(
                    f"replay {CALLS} calls, vcrpy (body) over in-memory",
                    ratio(figures_slow, "vcrpy", "in_memory"),
                    "x",
                )
            )
    return rows + _flat()


def _jobs(names, folder: str, count: int, url: str) -> dict[str, Callable[[], float]]:
    return {name: functools.partial(_replayed, name, folder, count, url) for name in names}


def _flat() -> list[Row]:
    rows, per_call = [], {}
    for count in FLAT:
        with tempfile.TemporaryDirectory() as folder:
            url = _record(folder, count, ["tokentape", "in_memory"])
            jobs = _jobs(("tokentape", "in_memory"), folder, count, url)
            figures = interleaved(jobs, rounds=5 if count < 5000 else 1)
            per_call[count] = ratio(figures, "tokentape", "in_memory")
            rows.append(Row(f"replay {count} calls, tokentape over in-memory", per_call[count], "x"))
    rows.append(Row("per call, 10 000 calls over 1000 calls", per_call[10_000] / per_call[1000], "x", 1.15))
    return rows


def _record(folder: str, count: int, names: list[str]) -> str:
    with Provider(gap=0) as provider:
        for name in names:
            path = os.path.join(folder, "tape")
            if name == "in_memory":
                remember(path, provider.url, count)
                continue
            if name == "tokentape":
                path += ".json"
            with RECORDERS[name](path, provider.url) as client:
                ask_all(client, count)
        return provider.url


def _replayed(name: str, folder: str, count: int, url: str) -> float:
    command = [sys.executable, "-m", "benchmarks.replay", name, folder, str(count), url]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _child(name: str, folder: str, count: int, url: str) -> float:
    """Seconds for the block: opening, loading, the calls, closing. Imports and the first call do not count."""
    path = os.path.join(folder, "tape") + (".json" if name == "tokentape" else "")
    with RECORDERS[name](path, url) as client:
        ask_all(client, 1)
    start = time.perf_counter()
    with RECORDERS[name](path, url) as client:
        ask_all(client, count)
    return time.perf_counter() - start


if __name__ == "__main__":
    quiet()
    if len(sys.argv) > 1:
        print(_child(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
    else:
        print(*run(), sep="\n")
