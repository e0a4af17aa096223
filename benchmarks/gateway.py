"""The gateway, started as a user starts it, beside what it stands between, the barest pass-through, and LiteLLM.

All servers are up at once and are asked in turns.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import isnan
from pathlib import Path
from statistics import median

from benchmarks import gateway_soak
from benchmarks.gateway_load import Job, load
from benchmarks.gateway_peers import (
    ALL,
    CHAT,
    MESSAGES,
    NOTHING,
    PROXY,
    RECORDING,
    UNRECORDED,
    Kind,
    Place,
    Server,
    bare,
    litellm,
    litellm_program,
    mock,
    ours,
)
from benchmarks.gateway_replies import EVENTS
from benchmarks.measure import Row, interleaved, ratio

NOTE = f"""One worker of each server, a provider that answers at once, and 32 clients with keep-alive (raw sockets, in a
process of their own) share {os.cpu_count()} cores. Each request is another one of 2 KB; a reply has 2 KB, or is a stream of {EVENTS}
events. The bare pass-through is uvicorn and aiohttp and nothing else; no server has a database."""

DIRECT, BARE, LITELLM = "direct", "the bare pass-through", f"LiteLLM proxy {PROXY.partition('==')[2]}"
PASSED, ON_TAPE = "passed on", "passed on and recorded"
KEPT, RECORDED = "passed on, usage and traces kept", "passed on, all kept and recorded"
TRANSLATED = "Chat translated to Messages"

Figures = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is asked in a round: seconds of load, requests one after the other, streams one after the other."""

    seconds: float = 3.0
    requests: int = 300
    streams: int = 100
    rounds: int = 5
    starts: int = 5


LEAST = Effort(0.2, 5, 3, 1, 1)


_numbers = itertools.count(0, 10_000_000)


def run(*, quick: bool = False) -> list[Row]:
    """Rates, what is added to a reply and to a stream's first event, starts, memory; then the soak."""
    effort = LEAST if quick else Effort()
    with Place() as place:
        provider = place.serve(lambda _: mock(5))
        kinds: dict[str, Callable[[Path], Kind]] = {
            BARE: lambda _: bare(provider.port),
            PASSED: partial(ours, provider.port, NOTHING),
            ON_TAPE: partial(ours, provider.port, RECORDING),
            KEPT: partial(ours, provider.port, UNRECORDED),
            RECORDED: partial(ours, provider.port, ALL),
        }
        program = None if quick else litellm_program()
        if program is not None:
            kinds[LITELLM] = partial(litellm, provider.port, program)
        starts = _starts(kinds, effort)
        servers = {DIRECT: provider, **{name: place.serve(kind) for name, kind in kinds.items()}}
        rows = _rates(servers, effort) + _streams(servers, effort)
        rows += _lone(servers, effort) + _firsts(servers, effort) + starts + _memory(servers)
    return rows + gateway_soak.run(quick=quick)


def _measured(servers: dict[str, Server], job: Job, field: str, effort: Effort) -> Figures:
    """The same job for every server in turns, and the translated one for ours."""

    def one(job: Job) -> float:
        return float(getattr(load(replace(job, number=next(_numbers))), field))

    asked = {name: replace(job, port=server.port) for name, server in servers.items()}
    asked[TRANSLATED] = replace(asked[PASSED], model=MESSAGES)
    jobs = {name: partial(one, job) for name, job in asked.items()}
    return interleaved(jobs, effort.rounds, warm=effort.rounds > 1)


def _rates(servers: dict[str, Server], effort: Effort) -> list[Row]:
    figures = _measured(servers, Job(0, CHAT, seconds=effort.seconds), "rate", effort)
    least = {TRANSLATED: 2.0}
    rows = [
        Row(f"{name}: requests", median(found) / 1000, "k/s", least=least.get(name))
        for name, found in figures.items()
    ]
    rows.append(Row(f"{PASSED}, over {BARE}", ratio(figures, PASSED, BARE), "x", least=0.6))
    rows += [
        Row(f"{name}, over {BARE}", ratio(figures, name, BARE), "x")
        for name in (ON_TAPE, KEPT, RECORDED, TRANSLATED)
    ]
    if LITELLM in figures:
        rows.append(Row(f"{PASSED}, over {LITELLM}", ratio(figures, PASSED, LITELLM), "x", least=30))
        rows.append(Row(f"{RECORDED}, over {LITELLM}", ratio(figures, RECORDED, LITELLM), "x"))
    return rows


def _streams(servers: dict[str, Server], effort: Effort) -> list[Row]:
    figures = _measured(servers, Job(0, CHAT, stream=True, seconds=effort.seconds), "rate", effort)
    least = {PASSED: 100.0, TRANSLATED: 40.0}
    return [
        Row(f"{name}: events of streams", median(found) * EVENTS / 1000, "k/s", least=least.get(name))
        for name, found in figures.items()
    ]


def _lone(servers: dict[str, Server], effort: Effort) -> list[Row]:
    job = Job(0, CHAT, connections=1, requests=effort.requests)
    figures = _measured(servers, job, "median", effort)
    return _added("a reply, one call at a time", figures, {PASSED: 0.5})


def _firsts(servers: dict[str, Server], effort: Effort) -> list[Row]:
    job = Job(0, CHAT, stream=True, connections=1, requests=effort.streams)
    figures = _measured(servers, job, "first", effort)
    return _added("a stream's first event", figures, dict.fromkeys((PASSED, ON_TAPE, KEPT, TRANSLATED), 1.0))


def _added(what: str, figures: Figures, limits: dict[str, float]) -> list[Row]:
    """Medians, and what the others take longer than the bare pass-through."""
    rows = [Row(f"{name}: {what}, median", median(figures[name]), "ms") for name in (DIRECT, BARE)]
    for name in (name for name in figures if name not in (DIRECT, BARE)):
        longer = median(a - b for a, b in zip(figures[name], figures[BARE], strict=True))
        rows.append(Row(f"{name}: {what}, longer than {BARE}", longer, "ms", limits.get(name)))
    return rows


def _starts(kinds: dict[str, Callable[[Path], Kind]], effort: Effort) -> list[Row]:
    """From the command to the first answer of the page that says that a server is there."""

    def start(kind: Callable[[Path], Kind]) -> float:
        with Place() as place:
            return place.serve(kind).start

    jobs = {name: partial(start, kinds[name]) for name in (BARE, RECORDED, LITELLM) if name in kinds}
    figures = interleaved(jobs, effort.starts, warm=effort.starts > 1)
    limits = {RECORDED: 0.6}
    return [Row(f"{name}: start", median(found), "s", limits.get(name)) for name, found in figures.items()]


def _memory(servers: dict[str, Server]) -> list[Row]:
    """Resident, after all this. What was passed on by a server was also translated by it."""
    limits = dict.fromkeys((PASSED, ON_TAPE, KEPT), 80.0)
    found = {name: server.memory() for name, server in servers.items() if name != DIRECT}
    return [
        Row(f"{name}: memory after the load", value, "MB", limits.get(name))
        for name, value in found.items()
        if not isnan(value)
    ]


if __name__ == "__main__":
    print(*run(), sep="\n")
