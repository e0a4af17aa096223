"""`tokentape show`: recordings as conversations."""

from __future__ import annotations

import json
from decimal import Decimal
from textwrap import indent
from typing import TYPE_CHECKING

import click

from tokentape.cassettes.places import load, only
from tokentape.cli.text import count, safe
from tokentape.errors import UsageError
from tokentape.protocols.plainturns import Said
from tokentape.protocols.registry import recognise, reply_text, usage_of
from tokentape.protocols.transcript import REPLY, answered, transcript

if TYPE_CHECKING:
    from rich.console import Console

    from tokentape.cassettes.cassette import Cassette
    from tokentape.wire.interaction import Interaction

STYLES = {
    "system": "magenta",
    "developer": "magenta",
    "user": "cyan",
    "tool": "yellow",
    "assistant": "green",
    "thought": "bright_black",
}


@click.command("show", short_help="a recording as a conversation")
@click.argument("place", type=click.Path())
@click.argument("ids", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="print JSON: turns, reply, usage, timing, how it ended")
def command(place: str, ids: tuple[str, ...], as_json: bool) -> None:
    """Show the interactions of PLACE (a cassette) as conversations: all of them, or those with these IDS."""
    store, name = only(place)
    chosen = _chosen(load(store, name), ids)
    if as_json:
        click.echo(json.dumps([_facts(interaction) for interaction in chosen], indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console()
    for interaction in chosen:
        _print(console, interaction)


def _chosen(cassette: Cassette, ids: tuple[str, ...]) -> list[Interaction]:
    known = [entry.id for entry in cassette.entries]
    for id in ids:
        if id not in known:
            raise UsageError(f"{cassette.path}: no interaction {id!r}; known are {', '.join(known[:10])}")
    return [cassette.interaction(n) for n, id in enumerate(known) if not ids or id in ids]


def _facts(interaction: Interaction) -> dict[str, object]:
    found = recognise(interaction.request)
    response = interaction.response
    usage = usage_of(found, response) if response else None
    return {
        "id": interaction.id,
        "at": interaction.timing.at,
        "operation": found.operation.full_name,
        "model": found.operation.model,
        "url": interaction.request.url,
        "turns": [said._asdict() for said in transcript(found)],
        "status": response.status if response else None,
        "reply": reply_text(found, response) if response else None,
        "answered": [said._asdict() for said in answered(found, response)] if response else [],
        "usage": usage.counts if usage else None,
        "cost": _cost(interaction),
        "ended": {"how": interaction.ended.how.value, "whole": interaction.ended.whole},
        "chunks": len(response.chunks) if response else 0,
        "milliseconds": _milliseconds(interaction),
        "metadata": dict(interaction.metadata),
    }


def _cost(interaction: Interaction) -> dict[str, str | None]:
    from tokentape.metering.call import call_of
    from tokentape.metering.cost import cost_of

    cost = cost_of(call_of(interaction))
    usd = None if cost.usd is None else f"{cost.usd.normalize():f}"
    return {"usd": usd, "source": cost.source or None, "reason": cost.reason or None}


def _milliseconds(interaction: Interaction) -> int:
    return (interaction.timing.head_ms or 0) + sum(interaction.timing.chunk_ms)


def _print(console: Console, interaction: Interaction) -> None:
    from rich.text import Text

    facts = _facts(interaction)
    model = f" with {facts['model']}" if facts["model"] else ""
    console.rule(Text(safe(f"{interaction.id}  {facts['operation']}{model}")), align="left")
    found = recognise(interaction.request)
    asked = transcript(found) or [Said("request", f"{interaction.request.method} {interaction.request.url}")]
    response = interaction.response
    told = answered(found, response) if response else []
    told = told or [Said(REPLY, str(facts["reply"] or _no_reply(interaction)))]
    for role, text in [*asked, *told]:
        style = STYLES.get(role, "green" if role in (REPLY, "model") else "white")
        console.print(Text(safe(role), style=f"bold {style}"))
        _print_indented(console, safe(text))
    console.print(Text(_last_line(interaction, facts), style="dim"), soft_wrap=True)


def _print_indented(console: Console, text: str) -> None:
    """Wrapped for a person; in a pipe each line stays one, so that it can be searched."""
    from rich.padding import Padding
    from rich.text import Text

    if console.is_terminal:
        console.print(Padding(Text(text), (0, 0, 0, 2), expand=False))
    else:
        console.print(Text(indent(text, "  ")), soft_wrap=True)


def _no_reply(interaction: Interaction) -> str:
    error = interaction.ended.error
    if interaction.response is None:
        return f"(none: {interaction.ended.how.value}{f', {error.type}: {error.message}' if error else ''})"
    size = len(interaction.response.body or b"")
    return f"({size} bytes of {interaction.response.header('content-type') or 'no named type'})"


def _last_line(interaction: Interaction, facts: dict[str, object]) -> str:
    from tokentape.metering.savings import dollars

    usage = facts["usage"]
    tokens = ""
    if isinstance(usage, dict):
        tokens = f", {_known(usage['input'])} tokens in, {_known(usage['output'])} out"
    cost = facts["cost"]
    if usage and isinstance(cost, dict) and cost["usd"] is not None:
        tokens += f", {dollars(Decimal(cost['usd']))}"
    whole = "" if interaction.ended.whole else ", not whole"
    chunks = count(len(interaction.response.chunks) if interaction.response else 0, "chunk")
    return (
        f"status {facts['status']}, {chunks} in {facts['milliseconds']} ms{tokens}; "
        f"ended: {interaction.ended.how.value}{whole}"
    )


def _known(tokens: int | None) -> str:
    return "?" if tokens is None else str(tokens)
