"""`tokentape ls`: cassettes under a folder, or the interactions of one cassette."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tokentape.cassettes.places import cassettes, is_many, load, only
from tokentape.cli.text import safe
from tokentape.errors import CassetteError

if TYPE_CHECKING:
    from rich.table import Table

    from tokentape.wire.interaction import Interaction


@click.command("ls", short_help="the cassettes under a folder, or the interactions of one")
@click.argument("place", default=".", type=click.Path())
def command(place: str) -> None:
    """List PLACE: each cassette of a folder or store, or each interaction of one cassette."""
    from rich.console import Console

    console = Console()
    if is_many(place):
        console.print(_of_folder(place))
        return
    store, name = only(place)
    cassette = load(store, name)
    console.print(
        _of_cassette(cassette.path, [cassette.interaction(n) for n in range(len(cassette.entries))])
    )


def _of_folder(place: str) -> Table:
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    table = Table("cassette", "interactions", "finished", "oldest", title=Text(place))
    for store, name in cassettes(place):
        try:
            cassette = load(store, name)
        except CassetteError as error:
            table.add_row(escape(name), "-", Text(error.problem, "red"), "-")
            continue
        oldest = min((entry.at for entry in cassette.entries), default="-")[:10]
        table.add_row(escape(name), str(len(cassette.entries)), "yes" if cassette.finished else "no", oldest)
    return table


def _of_cassette(path: str, interactions: list[Interaction]) -> Table:
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    table = Table("id", "call", "asks", "status", "ended", "reads as", title=Text(path))
    for interaction in interactions:
        status = str(interaction.response.status) if interaction.response else "-"
        ended = interaction.ended.how.value + ("" if interaction.ended.whole else " (not whole)")
        table.add_row(
            interaction.id,
            interaction.protocol,
            escape(safe(interaction.asks)),
            status,
            ended,
            escape(safe(interaction.reads_as)),
        )
    return table
