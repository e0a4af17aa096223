"""100 000 requests through one gateway that keeps usage and traces: what memory and which connections they leave.

Whole replies and streams, passed on and translated, and clients that go away while a model speaks.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from math import isnan

from benchmarks.gateway_load import Job, load
from benchmarks.gateway_peers import CHAT, MESSAGES, SLOW, UNRECORDED, Place, Server, mock, ours
from benchmarks.measure import Row

REQUESTS = 100_000
BLOCKS = 10
SHARES = {
    (SLOW, True): 0.05,
    (CHAT, True): 0.15,
    (MESSAGES, True): 0.1,
    (MESSAGES, False): 0.3,
    (CHAT, False): 0.4,
}
"""Of the requests of a block, by model and whether it streams. The first are those whose clients go away."""

CONNECTIONS = 32
_IDLE = 5
"""Seconds for which the provider keeps an idle connection."""


def run(*, quick: bool = False) -> list[Row]:
    """Memory at a tenth of the requests and at the end; sockets to the provider then, and once it closed its own."""
    requests, blocks, idle = (200, 2, 1) if quick else (REQUESTS, BLOCKS, _IDLE)
    with Place() as place:
        provider = place.serve(lambda _: mock(idle))
        server = place.serve(partial(ours, provider.port, UNRECORDED))
        memory = [_block(server, requests // blocks, block) for block in range(blocks)]
        if isnan(memory[-1]):
            return []
        kept = server.connections(provider.port)
        left = _left(server, provider.port, idle + 2)
    before = requests // blocks
    return [
        Row(f"memory after {before} requests of all kinds", memory[0], "MB"),
        Row(f"memory after {requests} of them", memory[-1], "MB"),
        Row(f"memory that the last {requests - before} added", memory[-1] - memory[0], "MB", 8),
        Row("of this, the second half added", memory[-1] - memory[len(memory) // 2 - 1], "MB"),
        Row(
            f"connections to the provider after {requests} requests by {CONNECTIONS} clients",
            kept,
            "",
            CONNECTIONS,
        ),
        Row("connections left once the provider has closed idle ones", left, "", 0),
    ]


def _block(server: Server, requests: int, block: int) -> float:
    """Megabytes after one more block of requests."""
    for kind, ((model, stream), share) in enumerate(SHARES.items()):
        number = 5_000_000_000 + block * 10_000_000 + kind * 1_000_000
        job = Job(server.port, model, stream, CONNECTIONS, requests=round(requests * share), number=number)
        load(replace(job, leaves=model == SLOW))
    return server.memory()


def _left(server: Server, port: int, seconds: float) -> int:
    """Sockets to a port, when all are gone or the time is over."""
    until = time.monotonic() + seconds
    while (found := server.connections(port)) and time.monotonic() < until:
        time.sleep(0.1)
    return found
