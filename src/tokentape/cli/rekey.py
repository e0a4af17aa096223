"""`tokentape rekey`: recompute the match keys, after editing requests by hand or changing what matches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from tokentape.cassettes.places import cassettes, load
from tokentape.cli.saving import save
from tokentape.matching.fields import MatchOn
from tokentape.matching.key import Matcher
from tokentape.options import Options

if TYPE_CHECKING:
    from tokentape.wire.interaction import Interaction


@click.command("rekey", short_help="recompute the match keys of a cassette")
@click.argument("place", type=click.Path())
@click.option("--match-on", multiple=True, help="a preset or field, as in use_cassette; repeat for several")
@click.option("--ignore", multiple=True, help="a path to ignore, as in use_cassette")
@click.option("--volatile", multiple=True, help="a pattern of volatile text, as in use_cassette")
def command(
    place: str, match_on: tuple[str, ...], ignore: tuple[str, ...], volatile: tuple[str, ...]
) -> None:
    """Recompute every key in PLACE (a cassette, or a folder of them) from the stored requests."""
    base = MatchOn.of(match_on) if match_on else Options.of({}).match_on
    matcher = Matcher(replace(base, ignore=base.ignore + ignore, volatile=base.volatile + volatile))
    for store, name in cassettes(place):
        cassette = load(store, name)
        old = [cassette.interaction(number) for number in range(len(cassette.entries))]
        new = [_rekeyed(interaction, matcher) for interaction in old]
        save(store, name, new, finished=cassette.finished, rules=matcher.rules)
        changed = sum(one.key != two.key for one, two in zip(old, new, strict=True))
        click.echo(f"{store.describe(name)}: {changed} of {len(new)} keys changed")


def _rekeyed(interaction: Interaction, matcher: Matcher) -> Interaction:
    """A recording that was given an id of its own (`key="weather"`) keeps it."""
    if interaction.key.startswith("id:"):
        return interaction
    exact = matcher.exact(interaction.request) if interaction.exact else None
    return replace(interaction, key=matcher.key(interaction.request), exact=exact)
