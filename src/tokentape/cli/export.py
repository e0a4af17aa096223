"""`tokentape export`: a corpus as Parquet, for scoring at scale and for any tool that reads columns."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tokentape.cli.evaluating.options import CORPUS, with_options
from tokentape.cli.text import count, safe
from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.evaluation.bulk.exporting import Exported
    from tokentape.evaluation.corpus.row import Row
    from tokentape.evaluation.corpus.rows import Seen


@click.command("export", short_help="a corpus as Parquet")
@click.option(
    "--parquet", "place", required=True, type=click.Path(), help="a file (NAME.parquet), or a folder"
)
@with_options(CORPUS)
@click.option(
    "--all", "everything", is_flag=True, help="every recording, ungrouped, also what cannot be used"
)
@click.option("--answers", multiple=True, type=click.Path(), help="also the answers of targets at this place")
@click.option("--rows-per-file", type=click.IntRange(1), help="several files of so many rows, in a folder")
@click.option("--force", is_flag=True, help="replace what is there")
def command(
    places: tuple[str, ...],
    place: str,
    everything: bool,
    answers: tuple[str, ...],
    rows_per_file: int | None,
    force: bool,
    **chosen: str | None,
) -> None:
    """Write CORPUS (cassettes, folders, stores) as Parquet: a row for each call, what it asks and says."""
    from tokentape.evaluation.bulk.exporting import Into, demand, export
    from tokentape.evaluation.corpus.choosing import Corpus
    from tokentape.evaluation.corpus.rows import Seen, rows

    demand("pyarrow", "parquet", "export")
    seen = Seen()

    def exported(found: Iterable[Row]) -> Exported:
        named = rows(places)
        into = Into(place, rows_per_file, force)
        return export(found, into, seen, answers=answers, named=named)

    if everything:
        if any(chosen.values()):
            raise UsageError("export: --all takes every recording; leave --where, --sample and --by out")
        done = exported(_every(places, seen))
    else:
        with Corpus(places, where=chosen["where"], sample=chosen["sample"], by=chosen["by"]) as corpus:
            seen.unreadable += corpus.summary.seen.unreadable
            done = exported(corpus)
    also = f" and {count(done.answers, 'answer')}" if answers else ""
    into = place if len(done.files) == 1 else f"{len(done.files)} files in {place}"
    click.echo(f"{into}: {count(done.questions, 'row')}{also}")
    if done.strays:
        click.echo(f"{count(done.strays, 'answer')} left out: of questions that are not among these rows")
    for line in dict.fromkeys(seen.unreadable):
        click.echo(safe(f"tokentape: {line}"), err=True)
    if seen.unreadable:
        sys.exit(1)


def _every(places: tuple[str, ...], seen: Seen) -> Iterator[Row]:
    """Every interaction but the answers of targets."""
    from tokentape.evaluation.corpus.rows import LINEAGE, cassettes_of, rows_of

    for where in cassettes_of(places):
        yield from (row for row in rows_of(where, seen) if LINEAGE not in row.metadata)
