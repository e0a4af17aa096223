"""`tokentape doctor`: what is installed, what would be patched, which mode is in force, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import click

from tokentape import settings
from tokentape.interceptors.survey import Library, survey
from tokentape.options import Options

if TYPE_CHECKING:
    from rich.console import Console


@click.command("doctor", short_help="what is installed, patched and in force, and why")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def command(as_json: bool) -> None:
    """Say which mode is in force and why, and what tokentape sees of the HTTP libraries and SDKs here."""
    libraries = survey()
    if as_json:
        click.echo(json.dumps(_as_json(libraries), indent=2))
        return
    from rich.console import Console

    console = Console()
    _print_mode(console)
    _print_network(console)
    _print_libraries(console, libraries)


def _print_mode(console: Console) -> None:
    choice = settings.resolve_mode()
    console.print(f"mode in force: [bold]{choice.mode.value}[/bold], because of: {choice.source}")
    for name, value in settings.sources():
        console.print(f"  {name}: {value}", highlight=False, markup=False)


def _print_network(console: Console) -> None:
    network = _network()
    when = "in every pytest run, and in mode none" if network["block_network"] else "in mode none"
    hosts = ", ".join(cast("tuple[str, ...]", network["allow_hosts"])) or "-"
    console.print(f"network held back: {when}; allow_hosts: {hosts}", highlight=False, markup=False)


def _network() -> dict[str, object]:
    """What the project says about the guard. Raises `UsageError` for a wrong setting."""
    return {"block_network": settings.blocks_network(), "allow_hosts": Options.of({}).allow_hosts}


def _print_libraries(console: Console, libraries: list[Library]) -> None:
    from rich.table import Table

    table = Table("library", "version", "kind", "state", "what it means")
    for library in libraries:
        table.add_row(library.name, library.version, library.kind, library.state, library.note)
    console.print(table)


def _as_json(libraries: list[Library]) -> dict[str, object]:
    choice = settings.resolve_mode()
    return {
        "mode": choice.mode.value,
        "source": choice.source,
        "sources": dict(settings.sources()),
        "network": _network(),
        "libraries": [
            {"name": x.name, "version": x.version, "kind": x.kind, "state": x.state, "note": x.note}
            for x in libraries
        ],
    }
