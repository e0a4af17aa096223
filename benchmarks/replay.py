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
from collections.abc import Callable, Iterable

from benchmarks.measure import Row, interleaved, ratio
from benchmarks.recorders import BASELINE_OF, BASELINES, RECORDERS, ask_all, quiet, remember
from tokentape.testing.provider import Provider

CALLS = 200
FLAT = ((10, 9), (1000, 3), (10_000, 1))
"""How many calls, in how many rounds."""
SLOW = ("vcrpy",)
"""Peers whose body matching grows with the square: one round of them is enough."""


def run(*, quick: bool = False) -> list[Row]:
    """Record with each recorder, then replay in turns, each run in a process of its own."""
    if quick:
        return _beside_peers(2, 1, apart=False) + _flat(((2, 1), (3, 1)))
    return _beside_peers(CALLS, 9) + _flat(FLAT)


def _beside_peers(calls: int, rounds: int, *, apart: bool = True) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        url = _record(folder, calls, RECORDERS)
        quick = [name for name in (*RECORDERS, *BASELINES) if name not in SLOW]
        figures = interleaved(_jobs(quick, folder, calls, url, apart), rounds, warm=apart)
        slow = [name for name in SLOW if name in RECORDERS]
        slow_figures = interleaved(_jobs([*slow, "in memory"], folder, calls, url, apart), 1, warm=apart)
    rows = []
    for name in RECORDERS:
        baseline = BASELINE_OF.get(name, "in memory")
        value = ratio(slow_figures if name in SLOW else figures, name, baseline)
        limit = 1.15 if name == "tokentape" else None
        rows.append(Row(f"replay {calls} calls, {name} over {baseline}", value, "x", limit))
    return rows


def _flat(counts: tuple[tuple[int, int], ...]) -> list[Row]:
    rows, over = [], {}
    for count, rounds in counts:
        with tempfile.TemporaryDirectory() as folder:
            url = _record(folder, count, ["tokentape"])
            figures = interleaved(
                _jobs(["tokentape", "in memory"], folder, count, url), rounds, warm=rounds > 1
            )
            over[count] = ratio(figures, "tokentape", "in memory")
            rows.append(Row(f"replay {count} calls, tokentape over in memory", over[count], "x"))
    fewer, most = list(over)[-2:]
    return [*rows, Row(f"the same, {most} calls over {fewer} calls", over[most] / over[fewer], "x", 1.1)]


def _record(folder: str, count: int, names: Iterable[str]) -> str:
    path = os.path.join(folder, "tape")
    with Provider(gap=0) as provider:
        remember(path, provider.url, count)
        for name in names:
            client = RECORDERS[name].client(path, provider.url)
            with RECORDERS[name].block(path):
                ask_all(client, count)
        return provider.url


def _jobs(
    names: Iterable[str], folder: str, count: int, url: str, apart: bool = True
) -> dict[str, Callable[[], float]]:
    work = _in_a_process if apart else _replay
    return {name: functools.partial(work, name, folder, count, url) for name in names}


def _in_a_process(name: str, folder: str, count: int, url: str) -> float:
    command = [sys.executable, "-m", "benchmarks.replay", name, folder, str(count), url]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _replay(name: str, folder: str, count: int, url: str) -> float:
    """Seconds for the block: opening, loading, the calls, closing. Imports and warm-up do not count."""
    path = os.path.join(folder, "tape")
    recorder = {**RECORDERS, **BASELINES}[name]
    client = recorder.client(path, url)
    with recorder.block(path):
        ask_all(client, min(count, 10))
    start = time.perf_counter()
    with recorder.block(path):
        ask_all(client, count)
    return time.perf_counter() - start


if __name__ == "__main__":
    quiet()
    if len(sys.argv) > 1:
        print(_replay(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
    else:
        print(*run(), sep="\n")
