"""The comparison that the demo prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from tokentape.cli.demo.listening import Call

NUMBERS = (
    "bytes",
    "chunks",
    "equal",
    "first,\nlive",
    "first,\nreplay",
    "total,\nlive",
    "total,\nreplay",
    "tokens",
)


def comparison(live: list[Call], replayed: list[Call]) -> Table:
    """One row per call: bytes, chunks, whether both are equal, times in milliseconds, tokens.

    Fits 80 columns.
    """
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("call", no_wrap=True)
    for name in NUMBERS:
        table.add_column(name, justify="right", no_wrap=True, vertical="bottom")
    for one, two in zip(live, replayed, strict=True):
        same = one.chunks == two.chunks
        times = (one.first, two.first, one.total, two.total)
        numbers = (str(one.size), str(len(one.chunks)), "yes" if same else "NO", *map(_ms, times))
        table.add_row(one.name, *numbers, str(one.tokens), style=None if same else "red")
    table.add_row(*_total(live, replayed), style="bold")
    return table


def _total(live: list[Call], replayed: list[Call]) -> tuple[str, ...]:
    equal = sum(one.chunks == two.chunks for one, two in zip(live, replayed, strict=True))
    return (
        f"{len(live)} calls",
        str(sum(call.size for call in live)),
        str(sum(len(call.chunks) for call in live)),
        f"{equal} of {len(live)}",
        "",
        "",
        _ms(sum(call.total for call in live)),
        _ms(sum(call.total for call in replayed)),
        str(sum(call.tokens for call in live)),
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"
