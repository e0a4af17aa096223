"""`tokentape import`: cassettes of other tools, and exports of traces, become tokentape's."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import click

from tokentape.cassettes.importers.format import Given
from tokentape.cassettes.importers.notes import Notes
from tokentape.cassettes.importers.registry import ENDINGS, FORMATS, format_in, format_named, format_of
from tokentape.cassettes.stores.registry import has_scheme, open_store
from tokentape.cli.saving import save
from tokentape.cli.text import count, safe
from tokentape.errors import TokentapeError, UsageError
from tokentape.keeping import as_stored
from tokentape.matching.key import Matcher
from tokentape.options import Options, redactor_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.cassettes.importers.format import Format
    from tokentape.wire.interaction import Interaction
    from tokentape.wire.redact.redactor import Redactor

LEAK = "a secret would stay in it"


@click.command("import", short_help="turn cassettes and traces of other tools into tokentape's")
@click.argument("source", type=click.Path())
@click.argument("target", type=click.Path())
@click.option("--from", "name", type=click.Choice([one.name for one in FORMATS]), help="the format of SOURCE")
@click.option("--requests", type=click.Path(), help="the requests of a batch, where SOURCE is its results")
@click.option("--force", is_flag=True, help="replace cassettes that exist already")
@click.pass_context
def command(
    context: click.Context, source: str, target: str, name: str | None, requests: str | None, force: bool
) -> None:
    """Import SOURCE (a file, or a folder of them) as TARGET (a file, folder or store address).

    SOURCE is a cassette of vcrpy, an export of OpenTelemetry, OpenInference, Langfuse or LangSmith, or the
    results of a batch; its content tells which, unless --from does. Exit code 1: a part of it cannot be read.
    """
    if not os.path.exists(source):
        raise UsageError(f"{source}: there is no such file or folder; name a cassette of vcrpy, or an export")
    told = None if name is None else format_named(name)
    if os.path.isdir(source):
        endings = ENDINGS if told is None else told.endings
        broken = _import_all(_jobs(source, target, _files(source, endings)), told, requests, force)
    else:
        broken = _import(told or format_of(source), Given(source, requests), target, force)
    if broken:
        context.exit(1)


def _import_all(
    jobs: Iterable[tuple[str, str]], told: Format | None, requests: str | None, force: bool
) -> int:
    """As `_import`, for the files of a folder: one that cannot be imported does not keep the others out. What
    is no export may well lie beside them: that is said, and no failure.
    """
    broken = done = 0
    for path, place in jobs:
        try:
            form = told or format_in(path)
            if form is None:
                click.echo(safe(f"passed over: {path}: no format known here"))
                continue
            done += 1
            broken += _import(form, Given(path, requests), place, force)
        except TokentapeError as error:
            broken += 1
            click.echo(f"not imported: {safe(str(error))}", err=True)
    if not (done or broken):
        raise UsageError("there is no cassette and no export in this folder; say --from")
    return broken


def _files(folder: str, endings: tuple[str, ...]) -> list[str]:
    found = [
        os.path.join(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if name.endswith(endings)
    ]
    if not found:
        raise UsageError(f"{folder}: no cassettes here; looked for files ending in {', '.join(endings)}")
    return sorted(found)


def _jobs(source: str, target: str, paths: list[str]) -> list[tuple[str, str]]:
    """Each file with its place: without its ending, unless that is all in which it differs from another."""
    inner = {path: os.path.relpath(path, source) for path in paths}
    short = {path: os.path.splitext(name.removesuffix(".gz"))[0] for path, name in inner.items()}
    often = Counter(short.values())
    return [(path, _under(target, short[path] if often[short[path]] == 1 else inner[path])) for path in paths]


def _under(target: str, inner: str) -> str:
    if has_scheme(target):
        return f"{target}{'/' if '#' in target else '#'}{inner.replace(os.sep, '/')}"
    return os.path.join(target, inner + ".json")


def _import(form: Format, given: Given, place: str, force: bool) -> int:
    """Import one file; how many places of it cannot be read."""
    if given.requests is not None and not form.pairs:
        raise UsageError(f"{given.path}: {form.title} hold their requests; --requests is for batches")
    store, name = open_store(place)
    there = store.load(name)
    if there is not None and not force:
        broke_off = "" if there.finished else ", not finished (was an import killed?)"
        raise UsageError(f"{store.describe(name)} exists already{broke_off}; --force replaces it")
    options, notes = Options.of({}), Notes()
    matcher, redactor = Matcher(options.match_on), redactor_of(options)
    read = form.read(given, notes)
    stored = _stored(list(read) if form.whole else read, matcher, redactor)
    if form.whole:
        stored = iter(list(stored))  # what a later call teaches of secrets is known of the earlier ones
    counted = _Counted()
    save(store, name, counted.each(_safe(stored, redactor, notes)), finished=True, rules=matcher.rules)
    click.echo(
        f"{store.describe(name)}: {count(counted.number, 'interaction')} from {given.path}, {form.title}"
    )
    for line in notes.lines():
        click.echo(f"  {safe(line)}")
    for spot in notes.broken:
        click.echo(f"{given.path}, line {spot.line}: {safe(spot.problem)}", err=True)
    if notes.broken_count > len(notes.broken):
        click.echo(f"{given.path}: and {notes.broken_count - len(notes.broken)} more", err=True)
    return notes.broken_count


def _stored(read: Iterable[Interaction], matcher: Matcher, redactor: Redactor) -> Iterator[Interaction]:
    for interaction in read:
        stored = as_stored(interaction, matcher, redactor)
        if stored is not None:
            yield stored


def _safe(stored: Iterable[Interaction], redactor: Redactor, notes: Notes) -> Iterator[Interaction]:
    for interaction in stored:
        if redactor.leaks(interaction):
            notes.leave(LEAK)
        else:
            yield interaction


class _Counted:
    """How many went by."""

    def __init__(self) -> None:
        self.number = 0

    def each(self, interactions: Iterable[Interaction]) -> Iterator[Interaction]:
        for interaction in interactions:
            self.number += 1
            yield interaction
