"""What the guard costs: a connection that passes, one that is refused, and a block in which nothing is called.

A cassette holds the socket's methods from its opening to its end. This machine passes, so a connection to a
listening port on loopback is timed, with and without a cassette in force.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial

import tokentape
from benchmarks.measure import Row, interleaved, seconds
from benchmarks.recorders import quiet
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.errors import NetworkBlocked

OUTSIDE = ("192.0.2.1", 443)
"""An address that is reserved for documentation (RFC 5737): nothing is sent to it, it is refused."""


def run(*, quick: bool = False) -> list[Row]:
    """Medians, the ways taking turns."""
    number, rounds = (2, 1) if quick else (200, 15)
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        blocks = _blocks(folder)
        connects = {name: partial(_connects, block, listener, number) for name, block in blocks.items()}
        passing = _medians(interleaved(connects, rounds))
        empty = _medians(interleaved({n: partial(_opens, b, number) for n, b in blocks.items()}, rounds))
        refused = _medians(interleaved({"refused": partial(_refuses, blocks["replaying"], number)}, rounds))
    bare = passing["no cassette"]
    return [
        Row("connect on loopback, no cassette", bare * 1e6, "us"),
        Row("the guard adds to it while recording", (passing["recording"] - bare) * 1e6, "us"),
        Row("the guard adds to it while replaying", (passing["replaying"] - bare) * 1e6, "us"),
        Row("refusing a connection while replaying", refused["refused"] * 1e6, "us"),
        Row("a block with no call, recording", empty["recording"] * 1e3, "ms"),
        Row("a block with no call, replaying", empty["replaying"] * 1e3, "ms"),
    ]


Block = Callable[[], AbstractContextManager[object]]


def _blocks(folder: str) -> dict[str, Block]:
    store = DirectoryStore(folder)
    store.commit("empty", store.journal("empty"), finished=True, rules="")
    return {
        "no cassette": nullcontext,
        "recording": lambda: tokentape.use_cassette(f"{folder}/tape.json", mode="all"),
        "replaying": lambda: tokentape.use_cassette(f"{folder}/empty.json", mode="none"),
    }


def _medians(figures: dict[str, list[float]]) -> dict[str, float]:
    return {name: sorted(values)[len(values) // 2] for name, values in figures.items()}


def _connects(block: Block, listener: socket.socket, number: int) -> float:
    with block():
        _connect(listener)
        return seconds(partial(_connect, listener), number)


def _connect(listener: socket.socket) -> None:
    with socket.socket() as client:
        client.connect(listener.getsockname())
        listener.accept()[0].close()


def _refuses(block: Block, number: int) -> float:
    figures = []
    with suppress(NetworkBlocked), block():  # it is told once more at the end of the block
        figures.append(seconds(_refused, number))
    return figures[0]


def _refused() -> None:
    with socket.socket() as client:
        try:
            client.connect(OUTSIDE)
        except NetworkBlocked:
            return
    raise RuntimeError("a connection to the outside was not refused")


def _opens(block: Block, number: int) -> float:
    def one() -> None:
        with block():
            pass

    return seconds(one, max(number // 10, 1))


if __name__ == "__main__":
    quiet()
    print(*run(), sep="\n")
