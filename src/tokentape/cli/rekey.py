"""`tokentape rekey`: recompute the match keys, after editing requests by hand or changing what matches."""

from __future__ import annotations

from dataclasses import replace

import click

from tokentape.cli.places import cassettes, load
from tokentape.matching.fields import MatchOn
from tokentape.matching.key import Matcher


@click.command("rekey", short_help="recompute the match keys of a cassette")
@click.argument("place", type=click.Path())
@click.option("--match-on", multiple=True, help="a preset or field, as in use_cassette; repeat for several")
@click.option("--ignore", multiple=True, help="a path to ignore, as in use_cassette")
@click.option("--volatile", multiple=True, help="a pattern of volatile text, as in use_cassette")
def command(
    place: str, match_on: tuple[str, ...], ignore: tuple[str, ...], volatile: tuple[str, ...]
) -> None:
    """Recompute every key in PLACE (a cassette, or a folder of them) from the stored requests."""
    base = MatchOn.of(match_on or None)
    matcher = Matcher(replace(base, ignore=base.ignore + ignore, volatile=base.volatile + volatile))
    for store, name in cassettes(place):
        cassette = load(store, name)
        journal = store.journal(name, rules=matcher.rules, replaces=True)
        changed = 0
        for number in range(len(cassette.entries)):
            interaction = cassette.interaction(number)
            fixed = interaction.key.startswith("id:")
            key = interaction.key if fixed else matcher.key(interaction.request)
            changed += key != interaction.key
            journal.append(replace(interaction, key=key, exact=None))
        store.commit(name, journal, finished=cassette.finished, rules=matcher.rules, replace=True)
        click.echo(f"{store.describe(name)}: {changed} of {len(cassette.entries)} keys changed")
