"""`tokentape score`: answers in exported files, compared by Daft, on this machine or on a Ray cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tokentape.cli.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@click.command("score", short_help="answers in Parquet files compared by Daft")
@click.argument("files", nargs=-1, required=True, metavar="PARQUET...")
@click.option(
    "--compare", default="usual", show_default=True, help="comparators, as `tokentape migrate` takes them"
)
@click.option(
    "--by", multiple=True, type=click.Choice(["category", "model"]), help="rates of each of these, too"
)
@click.option("--ray", "address", metavar="ADDRESS", help="run on the Ray cluster at this address")
@click.option("--out", type=click.Path(), help="write the verdicts as Parquet into this folder")
@click.option("--force", is_flag=True, help="replace what is there")
def command(
    files: tuple[str, ...],
    compare: str,
    by: tuple[str, ...],
    address: str | None,
    out: str | None,
    force: bool,
) -> None:
    """Score the answers in PARQUET (files, folders or patterns that `tokentape export --answers` wrote)."""
    from tokentape.evaluation.bulk.exporting import demand
    from tokentape.evaluation.bulk.scoring import connect, offline, rates, saved, verdicts

    demand("daft", "daft", "score")
    offline(compare)
    if address:
        connect(address)
    found = saved(verdicts(files, compare), out, force=force)
    for names in ((), *((name,) for name in by)):
        _print(rates(found, *names), names)
    if out:
        click.echo(f"verdicts: {out}")


def _print(rows: Iterable[Mapping[str, object]], names: tuple[str, ...]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("target", *names, "comparator", "rows", "passed", "95 %", "mean score")
    for row in rows:
        said = (row["target"], *(row[name] for name in names), row["comparator"])
        table.add_row(*(escape(safe(str(one or "-"))) for one in said), *_figures(row))
    Console().print(table)


def _figures(row: Mapping[str, object]) -> tuple[str, str, str, str]:
    """Rows, the share that passed of those that were judged, how sure that is, and the mean score."""
    from tokentape.evaluation.statistics.wilson import wilson

    passed, failed, score = (row[name] for name in ("passed", "failed", "score"))
    share = wilson(_number(passed), _number(passed) + _number(failed))
    if share.value is None:
        return str(row["rows"]), "-", "-", _shown(score)
    return str(row["rows"]), f"{share.value:.1%}", f"{share.low:.1%} .. {share.high:.1%}", _shown(score)


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0


def _shown(score: object) -> str:
    return f"{score:.3f}" if isinstance(score, float) else "-"
