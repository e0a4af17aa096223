"""Every HTTP stack: what replaying and recording cost in it, beside vcrpy and cassetter in three of them.

The baseline of a stack is the same calls live against the bundled provider on loopback, which answers at once
from another process: what a test pays without a cassette, at the very least. Where the library has an in-memory
transport of its own (httpx, httpx2), a replay is compared with that, too. A replay must not reach the provider.

Claims: recording adds at most 2 us to a chunk and 1 ms to the first byte. A chunk is counted in processor time, since
the provider writes one at a time, with pauses; each process tells its best stream, since a processor that others use
meanwhile is slower to each of them.
"""

from __future__ import annotations

import functools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module

from benchmarks.measure import Row, interleaved
from benchmarks.recorders import RECORDERS, quiet
from benchmarks.stackclients import CLIENTS, EVENT, STACKS, Client, Watch, in_memory
from tokentape.testing.provider import Framing, Provider, Script, Send, SendHead
from tokentape.testing.provider.apis import awsframes

PEERS_IN = {
    stack: tuple(filter(RECORDERS.get, ("vcrpy", "cassetter"))) for stack in ("requests", "aiohttp", "boto3")
}
IN_MEMORY = ("httpx", "httpx2")
LIVE, MEMORY = "live", "in memory"
PAUSE = 0.0002
"""Seconds between two writes of a paced stream, so that each arrives by itself."""

LONG = 120
"""Seconds for one process: a recorder that hangs is an error, not a night."""

Figures = dict[str, float]
Runs = dict[str, list[Figures]]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: plain calls, streams of so many events, rounds; each run in a process `apart`."""

    calls: int = 100
    streams: int = 8
    events: int = 300
    rounds: int = 5
    apart: bool = True


def run(*, quick: bool = False) -> list[Row]:
    """Record once with each recorder, then replay and record in turns, each run in a process of its own."""
    size = Size(2, 2, 5, 1, apart=False) if quick else Size()
    with tempfile.TemporaryDirectory() as folder, _provider(size.events) as provider:
        benches = [Bench(stack, folder, provider, size) for stack in STACKS]
        return [row for bench in benches for row in bench.rows()]


def _provider(events: int) -> Provider:
    """Streams of Chat and of Converse, `paced` or `quick` by a part of their path."""
    provider = Provider(gap=0)
    delta = json.dumps({"contentBlockIndex": 0, "delta": {"text": "word"}}).encode()
    frame = awsframes.event("contentBlockDelta", delta)
    for kind, gap in (("paced", PAUSE), ("quick", 0)):
        for path, media, event in (
            (f"/{kind}/v1/chat/completions", "text/event-stream", EVENT),
            (f"/model/{kind}/converse-stream", "application/vnd.amazon.eventstream", frame),
        ):
            head = SendHead(200, (("content-type", media),), framing=Framing.CHUNKED)
            provider.play(Script((head, *[Send(event, gap)] * events)), times=None, path=path)
    return provider


class Bench:
    """One stack: its recorders and baselines, each doing the same calls."""

    def __init__(self, stack: str, folder: str, provider: Provider, size: Size) -> None:
        self._stack, self._folder, self._provider, self._size = stack, folder, provider, size
        self._recorders = ("tokentape", *PEERS_IN.get(stack, ()))
        self._memory = (MEMORY,) if stack in IN_MEMORY else ()

    def rows(self) -> list[Row]:
        """Replay first, then recording."""
        for name in self._recorders:
            self._child("record", name, f"{name}-kept")
        return [*self._replaying(), *self._recording()]

    def _replaying(self) -> list[Row]:
        runs = self._in_turns("replay", (*self._recorders, *self._memory, LIVE))
        streams = f"{self._size.streams} streams of {self._size.events} chunks"
        return [
            Row(f"{self._stack}: replay {what}, {name} over {base}", _ratio(runs, name, base, figure), "x")
            for what, figure in ((f"{self._size.calls} calls", "calls"), (streams, "streams"))
            for base in (*self._memory, LIVE)
            for name in self._recorders
        ]

    def _recording(self) -> list[Row]:
        runs = self._in_turns("record", (*self._recorders, LIVE))
        added = functools.partial(_added, runs)
        rows, per_call = [], 1e6 / self._size.calls
        for name in self._recorders:
            over = _ratio(runs, name, LIVE, "calls")
            rows.append(Row(f"{self._stack}: record {self._size.calls} calls, {name} over live", over, "x"))
            rows.append(Row(f"{self._stack}: {name} adds to a call", added(name, "calls") * per_call, "us"))
        for name in self._recorders:
            limit = 1 if name == "tokentape" else None
            rows.append(
                Row(f"{self._stack}: {name} adds to the first byte", added(name, "first") * 1e3, "ms", limit)
            )
        # Only ours: the peers read a stream to its end before they hand over anything.
        return [
            *rows,
            Row(f"{self._stack}: tokentape adds to a chunk", added("tokentape", "chunk") * 1e6, "us", 2),
        ]

    def _in_turns(self, job: str, names: tuple[str, ...]) -> Runs:
        jobs = {name: functools.partial(self._counted, job, name) for name in names}
        return interleaved(jobs, self._size.rounds, warm=False)

    def _counted(self, job: str, name: str) -> Figures:
        """RuntimeError if a replay asked the provider."""
        before = self._provider.count
        figures = self._child(job, name, f"{name}-{'kept' if job == 'replay' else before}")
        asked = self._provider.count - before
        if job == "replay" and name in self._recorders and asked:
            raise RuntimeError(f"{self._stack}: {name} let {asked} calls out instead of replaying them")
        return figures

    def _child(self, job: str, name: str, tape: str) -> Figures:
        path = os.path.join(self._folder, f"{self._stack}-{tape}")
        size = [str(number) for number in (self._size.calls, self._size.streams, self._size.events)]
        work = (job, name, self._stack, path, self._provider.url, *size)
        return _apart(*work) if self._size.apart or self._stack == "http.client" else _one(*work)


def _apart(*work: str) -> Figures:
    """`_one` in a process of its own. RuntimeError if it fails, with what it said."""
    command = [sys.executable, "-m", "benchmarks.stacks", *work]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONG)
    if done.returncode:
        raise RuntimeError(f"{work[2]}: {work[0]} with {work[1]} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def _ratio(runs: Runs, name: str, base: str, figure: str) -> float:
    pairs = zip(runs[name], runs[base], strict=True)
    return statistics.median(one[figure] / other[figure] for one, other in pairs)


def _added(runs: Runs, name: str, figure: str) -> float:
    pairs = zip(runs[name], runs[LIVE], strict=True)
    return statistics.median(one[figure] - other[figure] for one, other in pairs)


# In the process of one run. Imports and warm-up do not count; opening, loading, saving and closing do.

Block = Callable[[str], AbstractContextManager[object]]


def _replay(client: Client, block: Block, path: str, size: Size, kind: str) -> Figures:
    with block(f"{path}-calls"):
        client.ask_all(min(size.calls, 10))
    with block(f"{path}-streams"):
        client.stream_all(1, kind, size.events)
    calls = _seconds(block, f"{path}-calls", lambda: client.ask_all(size.calls))
    watches: list[Watch] = []
    streams = _seconds(
        block, f"{path}-streams", lambda: watches.extend(client.stream_all(size.streams, kind, size.events))
    )
    return {"calls": calls, "streams": streams if all(watch.first for watch in watches) else math.nan}


def _record(client: Client, block: Block, path: str, size: Size, kind: str) -> Figures:
    with block(f"{path}-warm"):
        client.ask_all(min(size.calls, 10))
        client.stream_all(1, kind, size.events)
    calls = _seconds(block, f"{path}-calls", lambda: client.ask_all(size.calls))
    with block(f"{path}-streams"):
        watches = client.stream_all(size.streams, kind, size.events)
    first = statistics.median(watch.first or math.nan for watch in watches)
    return {
        "calls": calls,
        "first": first,
        "chunk": min(watch.busy for watch in watches) / (size.events - 3),
    }


def _seconds(block: Block, path: str, work: Callable[[], object]) -> float:
    start = time.perf_counter()
    with block(path):
        work()
    return time.perf_counter() - start


def _one(job: str, name: str, stack: str, path: str, url: str, *numbers: str) -> Figures:
    size = Size(*map(int, numbers))
    client = in_memory(url, import_module(stack), size.events) if name == MEMORY else CLIENTS[stack](url)
    block: Block = RECORDERS[name].block if name in RECORDERS else lambda path: nullcontext()
    kind = "quick" if job == "replay" and name == LIVE else "paced"
    try:
        return {"replay": _replay, "record": _record}[job](client, block, path, size, kind)
    finally:
        client.close()


if __name__ == "__main__":
    quiet()
    if len(sys.argv) > 2:
        print(json.dumps(_one(*sys.argv[1:])))
    else:
        print(*run(quick="--quick" in sys.argv), sep="\n")
