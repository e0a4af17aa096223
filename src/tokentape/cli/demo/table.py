"""The comparison that the demo prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from tokentape.cli.demo.listening import Call


def comparison(live: list[Call], replayed: list[Call]) -> Table:
    """One row per call: bytes and chunks equal or not, times live and replayed in milliseconds, tokens."""
    table = Table(title="one agent run, recorded and replayed")
    table.add_column("call")
    for name in (
        "bytes",
        "chunks",
        "equal",
        "first chunk, live",
        "replayed",
        "total, live",
        "replayed",
        "tokens",
    ):
        table.add_column(name, justify="right")
    for one, two in zip(live, replayed, strict=False):
        table.add_row(
            one.name,
            str(one.size),
            str(len(one.chunks)),
            "yes" if one.chunks == two.chunks else "[red]no[/red]",
            _ms(one.first),
            _ms(two.first),
            _ms(one.total),
            _ms(two.total),
            str(one.tokens),
            style=None if one.chunks == two.chunks else "red",
        )
    table.add_section()
    equal = sum(one.chunks == two.chunks for one, two in zip(live, replayed, strict=False))
    table.add_row(
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
    return table


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
