"""`tokentape demo migrate`: a corpus, three models that might take over, and the report, offline."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tokentape.cli.text import count
from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDED = {"aiohttp": "gateway", "pydantic": "gateway", "rapidfuzz": "evaluation"}
"""What asking, reading the file of upstreams and comparing prose take, and the extra that has it."""
COMPARED = "exact,json,toolcalls,fuzzy,judge:court/arbiter-1"
CORPUS, DECLARED, REPORT = "shop.db", "upstreams.toml", "report.html"


@click.command("migrate", short_help="ask a bundled corpus of three other models, offline")
@click.option("--keep", type=click.Path(), metavar="FOLDER", help="keep corpus, answers and report here")
def command(keep: str | None) -> None:
    """Record a small corpus, ask it of three invented models, and write the report.

    A provider on this machine plays them; no key and no network are needed. Without --keep only the report
    stays.
    """
    _check_extras()
    with _folder(keep) as (folder, report):
        code = _run(folder, report)
        if keep is not None:
            click.echo(f"\nCorpus and answers are in {_place(folder)}; the same report offline:")
            click.echo(f"  tokentape report {' '.join(_compared(folder))}")
    click.echo(f"\nThe report: {report}")
    if code:
        raise click.ClickException(f"the migration ended with exit code {code}; please report this")


def _check_extras() -> None:
    missing = {name: extra for name, extra in NEEDED.items() if find_spec(name) is None}
    if missing:
        extras = ",".join(sorted(set(missing.values())))
        raise UsageError(f"this demo needs {', '.join(missing)}: pip install 'tokentape[{extras}]'")


@contextmanager
def _folder(keep: str | None) -> Iterator[tuple[str, str]]:
    """The folder to work in, and where the report goes, which stays."""
    if keep is not None:
        if os.path.exists(keep) and not os.path.isdir(keep):
            raise UsageError(f"--keep {keep}: this is a file; name a folder")
        os.makedirs(keep, exist_ok=True)
        yield keep, os.path.join(keep, REPORT)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield folder, os.path.join(tempfile.mkdtemp(prefix="tokentape-demo-"), REPORT)


def _place(folder: str) -> str:
    return f"sqlite:{os.path.join(folder, CORPUS)}"


def _compared(folder: str) -> list[str]:
    """What the migration and a report have in common."""
    return [_place(folder), "--config", os.path.join(folder, DECLARED), "--compare", COMPARED]


def _run(folder: str, report: str) -> int:
    """The corpus, the models, the migration; its exit code."""
    from tokentape.cli.demo.migrating.corpus import references, write_corpus
    from tokentape.cli.demo.migrating.models import TARGETS, declared, personas
    from tokentape.testing.provider import Provider

    number = write_corpus(f"{_place(folder)}#calls")
    click.echo(f"1. A corpus: {count(number, 'recorded call')} of a shop's program, in five dialects.")
    click.echo("2. Three models that might take over, played by a provider on this machine:")
    for name, what in TARGETS.items():
        click.echo(f"   {name:22} {what}")
    known = references()
    with Provider(gap=0) as provider:
        provider.acts_as(*personas(known), knowing=known)
        Path(folder, DECLARED).write_text(declared(provider.url), encoding="utf-8")
        arguments = [*_compared(folder), *(word for name in TARGETS for word in ("--target", name))]
        shown = " ".join(arguments).replace(os.path.join(folder, ""), "")
        click.echo(f"3. tokentape migrate {shown}\n")
        title = "A shop's program, asked of three other models"
        return _migrated([*arguments, "--title", title, "--html", report])


def _migrated(arguments: list[str]) -> int:
    from tokentape.cli.migrate import command as migrate

    code = migrate.main(arguments, prog_name="tokentape migrate", standalone_mode=False)
    return code if isinstance(code, int) else 0
