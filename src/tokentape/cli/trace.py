"""`tokentape trace`: what the gateway did with a request, form by form."""

from __future__ import annotations

import difflib
import json
import os
import sys
import tomllib
from typing import TYPE_CHECKING

import click

from tokentape import settings
from tokentape.cassettes.format.body import restore
from tokentape.cli.text import safe
from tokentape.cli.trace_text import head_lines, heading, lines_of, listed, told_notes
from tokentape.errors import UsageError
from tokentape.gateway.trace.names import ENDING
from tokentape.gateway.trace.options import DIRECTORY
from tokentape.gateway.trace.reading import load, paths, recent
from tokentape.protocols.reading import fields, objects, text
from tokentape.wire.jsontext import JsonError

if TYPE_CHECKING:
    from rich.console import Console

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_MOST_NAMED = 5


@click.command("trace", short_help="what the gateway did with a request, form by form")
@click.argument("id", required=False)
@click.option(
    "--dir", "directory", metavar="DIR", help="where the traces are; else as the configuration says"
)
@click.option("-n", "most", default=20, show_default=True, help="how many to list")
@click.option("--form", "form", metavar="NAME", help="this form alone: client_request, upstream_reply#1 ...")
@click.option("--raw", is_flag=True, help="with --form: its bytes; without: the file as it is")
@click.option("--diff", nargs=2, metavar="A B", help="how form B differs from form A")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def command(
    id: str | None,
    directory: str | None,
    most: int,
    form: str | None,
    raw: bool,
    diff: tuple[str, str] | None,
    as_json: bool,
) -> None:
    """Show the trace ID (its beginning is enough), or list the last ones."""
    place = directory or _configured()
    if id is None:
        if form or raw or diff:
            raise UsageError("trace: name the trace; its id is in the header X-Tokentape-Id of the reply")
        _list(place, most, as_json)
        return
    path, found = _find(place, id)
    if diff:
        _print_diff(_form(found, diff[0]), _form(found, diff[1]))
    elif form is not None:
        _print_form(_form(found, form), raw=raw, as_json=as_json)
    elif raw:
        with open(path, "rb") as file:
            _write(file.read())
    elif as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        _print(found)


def _configured() -> str:
    """The directory that the gateway's configuration names, else the usual one."""
    config = settings.gateway_file()
    if not config or not config.endswith(".toml"):
        return DIRECTORY
    try:
        with open(config, "rb") as file:
            table = tomllib.load(file).get("trace", {})
    except (OSError, ValueError) as error:
        raise UsageError(f"TOKENTAPE_CONFIG: cannot read {config}: {error}; or name --dir") from None
    found = table.get("directory") if isinstance(table, dict) else None
    return found if isinstance(found, str) else DIRECTORY


def _list(place: str, most: int, as_json: bool) -> None:
    listing = recent(place, most)
    for reason in listing.passed_over:
        click.echo(f"tokentape: {safe(reason)}", err=True)
    if as_json:
        click.echo(json.dumps(listing.lines, indent=2, ensure_ascii=False))
        return
    if not listing.lines:
        raise UsageError(f"{place}: no traces; does the gateway trace, and into this folder? (--dir)")
    for line in listed(listing.lines):
        click.echo(line)


def _find(place: str, id: str) -> tuple[str, Fields]:
    """The file and the trace whose id this is, or begins with it. Raises `UsageError` for none, and for
    several. What cannot be read is told, and is none.
    """
    found: dict[str, tuple[str, Fields]] = {}
    for path in paths(place, id):
        try:
            trace = load(path)
        except (OSError, JsonError):
            name = os.path.basename(path).removesuffix(ENDING)
            click.echo(
                f"tokentape: {safe(name)} cannot be read: torn when its writer died, or edited", err=True
            )
            continue
        found.setdefault(text(trace.get("id")), (path, trace))
        if id in found or len(found) > _MOST_NAMED:
            break
    if id in found:
        return found[id]
    if not found:
        raise UsageError(f"{place}: no trace {safe(id)!r}; see: tokentape trace")
    if len(found) > 1:
        raise UsageError(f"{place}: several traces begin with {safe(id)!r}: {', '.join(map(safe, found))}")
    return next(iter(found.values()))


def _form(trace: Fields, name: str) -> Fields:
    """A form by its name; the last of them, where there are several (`upstream_reply`), unless numbered."""
    forms = list(objects(trace.get("forms")))
    named = [each for each in forms if each.get("name") == name]
    named = named or [each for each in forms if text(each.get("name")).partition("#")[0] == name]
    if not named:
        known = ", ".join(safe(text(each.get("name"))) for each in forms)
        raise UsageError(f"no form {safe(name)!r} in this trace; there are {known}")
    return named[-1]


def _print_form(form: Fields, *, raw: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(form, indent=2, ensure_ascii=False))
    elif raw:
        _write(_bytes(form))
    else:
        for line in lines_of(form):
            click.echo(safe(line))


def _bytes(form: Fields) -> bytes:
    if form.get("left_out") and form.get("body") is None:
        raise UsageError(f"{form.get('name')}: its {form['left_out']} bytes were not kept")
    try:
        return restore(form.get("body")) or b""
    except ValueError as error:
        raise UsageError(f"{form.get('name')}: its body cannot be read: {error}") from None


def _write(data: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


def _print_diff(one: Fields, other: Fields) -> None:
    names = (text(one.get("name")), text(other.get("name")))
    found = difflib.unified_diff(lines_of(one), lines_of(other), *names, lineterm="")
    for line in found:
        click.echo(safe(line))


def _print(trace: Fields) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    console.rule(Text(safe(heading(trace)), style="bold"), align="left")
    for name, value in fields(trace.get("about")).items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        console.print(Text(safe(f"{name}: {shown}")), soft_wrap=True)
    for line in told_notes(trace):
        console.print(Text(safe(line), style="yellow"), soft_wrap=True)
    for form in objects(trace.get("forms")):
        _print_part(console, form)


def _print_part(console: Console, form: Fields) -> None:
    from rich.text import Text

    size = form.get("bytes")
    left = f", {form['left_out']} bytes not kept" if form.get("left_out") else ""
    title = f"{form.get('name')}  +{form.get('at_ms')} ms  {size} bytes{left}"
    console.print()
    console.rule(Text(safe(title), style="cyan"), align="left")
    head = len(head_lines(form))
    for number, line in enumerate(lines_of(form)):
        console.print(Text(safe(line), style="dim" if number < head else ""), soft_wrap=True)
