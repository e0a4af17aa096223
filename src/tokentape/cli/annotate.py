"""`tokentape annotate`: categories and other metadata of recordings, written into their cassettes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from tokentape.cli.text import count, safe
from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.evaluation.corpus.annotations import Planned
    from tokentape.wire.interaction import Json


@click.command("annotate", short_help="say of recordings what they are: categories and other metadata")
@click.argument("places", nargs=-1, required=True, type=click.Path())
@click.option("--where", "condition", help='only those that fit, such as: model == "gpt-4o" and streamed')
@click.option(
    "--set", "values", multiple=True, metavar="NAME=VALUE", help="say this of each; repeat for more"
)
@click.option("--unset", "gone", multiple=True, metavar="NAME", help="take this name away; repeatable")
@click.option("--set-from", "file", type=click.Path(), help="JSON lines or CSV: what to say, by id")
@click.option("--dry-run", is_flag=True, help="show what would change, and change nothing")
def command(
    places: tuple[str, ...],
    condition: str | None,
    values: tuple[str, ...],
    gone: tuple[str, ...],
    file: str | None,
    dry_run: bool,
) -> None:
    """Write metadata into the recordings at PLACES (cassettes, folders, stores); nothing else moves."""
    from tokentape.cassettes.format.metadata import Note
    from tokentape.evaluation.corpus.annotations import Annotations, annotate
    from tokentape.evaluation.corpus.rows import Seen
    from tokentape.evaluation.corpus.told import Hiding, by_id, settings
    from tokentape.evaluation.corpus.where import Where

    if not (values or gone or file):
        raise UsageError("annotate: say what: --set NAME=VALUE, --unset NAME or --set-from FILE")
    hide, seen, total = Hiding(), Seen(), 0
    told = {name: hide(said) for name, said in by_id(file).items()} if file else {}
    note = Note(hide(settings(values)), frozenset(gone))
    what = Annotations(note, told, None if condition is None else Where(condition))
    for planned, changed in annotate(places, what, seen, dry_run=dry_run):
        total += len(planned.notes) if dry_run else changed
        _print(planned, changed, dry_run)
    done = "would change, nothing was written" if dry_run else "changed"
    click.echo(f"{total} of {count(seen.interactions, 'interaction')} {done}")
    _say(seen.unreadable, what.unmet, hide.count)


def _print(planned: Planned, changed: int, dry_run: bool) -> None:
    if not planned.notes:
        return
    if not dry_run:
        click.echo(f"{planned.cassette}: {changed} of {planned.interactions} changed")
        return
    click.echo(f"{planned.cassette}: {len(planned.notes)} of {planned.interactions} would change")
    for id, before, after in planned.shown:
        click.echo(safe(f"  {id}  {'; '.join(_differences(before, after))}"))
    if len(planned.notes) > len(planned.shown):
        click.echo(f"  and {len(planned.notes) - len(planned.shown)} more")


def _differences(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[str]:
    names = dict.fromkeys([*before, *after])
    sides = [(name, _shown(before, name), _shown(after, name)) for name in names]
    return [f"{name}: {one} -> {two}" for name, one, two in sides if one != two]


def _shown(metadata: Mapping[str, Json], name: str) -> str:
    return json.dumps(metadata[name], ensure_ascii=False) if name in metadata else "nothing"


def _say(unreadable: list[str], unmet: list[str], hidden: int) -> None:
    """What did not go as asked: on stderr, with exit code 1."""
    if hidden:
        click.echo(f"tokentape: {count(hidden, 'secret')} in what you say: redacted", err=True)
    if unmet:
        more = f" and {len(unmet) - 5} more" if len(unmet) > 5 else ""
        click.echo(safe(f"tokentape: no recording has the id {', '.join(unmet[:5])}{more}"), err=True)
    for line in unreadable:
        click.echo(f"tokentape: {line}", err=True)
    if unmet or unreadable:
        sys.exit(1)
