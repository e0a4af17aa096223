"""`tokentape import`: cassettes of other tools become tokentape's."""

from __future__ import annotations

import os

import click

from tokentape.cassettes.stores.registry import has_scheme, open_store
from tokentape.cli.saving import save
from tokentape.cli.text import count
from tokentape.errors import UsageError
from tokentape.keeping import as_stored
from tokentape.matching.key import Matcher
from tokentape.options import Options, redactor_of

ENDINGS = (".yaml", ".yml", ".json")


@click.command("import", short_help="turn cassettes of other tools into tokentape's")
@click.argument("source", type=click.Path())
@click.argument("target", type=click.Path())
@click.option("--force", is_flag=True, help="replace cassettes that exist already")
def command(source: str, target: str, force: bool) -> None:
    """Import SOURCE (a vcrpy cassette, or a folder of them) as TARGET (a file, folder or store address)."""
    if not os.path.exists(source):
        raise UsageError(f"{source}: there is no such file or folder; name a vcrpy cassette")
    if os.path.isdir(source):
        jobs = [(path, _under(target, source, path)) for path in _files(source)]
    else:
        jobs = [(source, target)]
    for path, place in jobs:
        _import(path, place, force)


def _files(folder: str) -> list[str]:
    found = [
        os.path.join(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if name.endswith(ENDINGS)
    ]
    if not found:
        raise UsageError(f"{folder}: no cassettes here; looked for files ending in {', '.join(ENDINGS)}")
    return sorted(found)


def _under(target: str, source: str, path: str) -> str:
    inner = os.path.splitext(os.path.relpath(path, source))[0]
    if has_scheme(target):
        return f"{target}{'/' if '#' in target else '#'}{inner.replace(os.sep, '/')}"
    return os.path.join(target, inner + ".json")


def _import(path: str, place: str, force: bool) -> None:
    from tokentape.cassettes.importers.vcr import read_vcr

    interactions, notes = read_vcr(path)
    store, name = open_store(place)
    if store.load(name) is not None and not force:
        raise UsageError(f"{store.describe(name)} exists already; --force replaces it")
    options = Options.of({})
    matcher, redactor = Matcher(options.match_on), redactor_of(options)
    stored = [as_stored(interaction, matcher, redactor) for interaction in interactions]
    kept = [interaction for interaction in stored if interaction and not redactor.leaks(interaction)]
    if len(kept) < len(stored):
        notes = [
            *notes,
            f"left out: {count(len(stored) - len(kept), 'interaction')} in which a secret would stay",
        ]
    save(store, name, kept, finished=True, rules=matcher.rules)
    click.echo(f"{store.describe(name)}: {count(len(kept), 'interaction')} from {path}")
    for note in notes:
        click.echo(f"  {note}")
