"""The options that commands over a corpus share: as click takes them, and as a command reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Command = Callable[..., object]
    Option = Callable[[Command], Command]

T = TypeVar("T", "Chosen", "Forms")

CORPUS: tuple[Option, ...] = (
    click.argument("places", nargs=-1, required=True, type=click.Path(), metavar="CORPUS..."),
    click.option("--where", metavar="CONDITION", help='only rows that fit: model == "gpt-4o" and streamed'),
    click.option("--sample", metavar="N|N%", help="so many rows, or a share of them; the same in every run"),
    click.option("--by", metavar="NAME", help="with --sample: each value of NAME (category) gets its share"),
)


def compared(samples: int) -> tuple[Option, ...]:
    """How answers are compared, and how many there are to a question, as a rule."""
    return (
        click.option(
            "--compare",
            default="usual",
            show_default=True,
            metavar="SPEC",
            help="comparators with commas: exact,json:category,toolcalls,judge:openai/gpt-5-mini",
        ),
        click.option(
            "--samples",
            type=click.IntRange(1),
            default=samples,
            show_default=True,
            help="answers to a question",
        ),
        click.option(
            "--answers", metavar="PLACE", help="where answers are kept; else beside the corpus, in SQLite"
        ),
        click.option("--config", metavar="FILE", help="upstreams as the gateway's file declares them"),
    )


CHANGED: tuple[Option, ...] = (
    click.option(
        "--set", "sets", multiple=True, metavar="NAME=VALUE", help="ask with this parameter; repeatable"
    ),
    click.option(
        "--system", type=click.Path(), metavar="FILE", help="ask with this system prompt instead; -: stdin"
    ),
    click.option("--fetch-urls", is_flag=True, help="get what URLs show, for targets that take no URLs"),
    click.option("--allow-losses", is_flag=True, help="ask also what would lose its meaning"),
    click.option("--no-stream", is_flag=True, help="ask for whole replies"),
)
ASKED: tuple[Option, ...] = (
    click.option(
        "--concurrency",
        type=click.IntRange(1),
        default=8,
        show_default=True,
        help="calls at a time, a target",
    ),
    click.option("--max-cost", metavar="USD", help="spend no more than this"),
    click.option("--dry-run", is_flag=True, help="say what would be asked, and what it would cost"),
    click.option("--quiet", is_flag=True, help="show no progress"),
)
REPORTED: tuple[Option, ...] = (
    click.option("--html", type=click.Path(), metavar="FILE", help="write the report as one page"),
    click.option(
        "--markdown", type=click.Path(), metavar="FILE", help="as a comment for a pull request; -: stdout"
    ),
    click.option(
        "--json", "as_json", type=click.Path(), metavar="FILE", help="with all figures and rows; -: stdout"
    ),
    click.option(
        "--csv", type=click.Path(), metavar="FILE", help="one line a row, target and sample; -: stdout"
    ),
    click.option("--title", metavar="TEXT", help="the title of the report"),
    click.option("--strict", is_flag=True, help="gate: all pass, and nothing is left out"),
    click.option(
        "--min-pass", multiple=True, metavar="NAME=SHARE", help="gate: json=0.9: so many pass; repeatable"
    ),
    click.option(
        "--max-cost-ratio", type=float, metavar="RATIO", help="gate: at most so many times the cost"
    ),
    click.option(
        "--baseline", type=click.Path(), metavar="FILE", help="gate: no worse than an earlier report (--json)"
    ),
)


def with_options(*groups: Sequence[Option]) -> Option:
    """A decorator with all options of the groups, in their order."""

    def decorated(command: Command) -> Command:
        for group in reversed(groups):
            for option in reversed(group):
                command = option(command)
        return command

    return decorated


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is evaluated, asked of whom, and compared how."""

    places: tuple[str, ...]
    where: str | None = None
    sample: str | None = None
    by: str | None = None
    compare: str = "usual"
    samples: int = 1
    answers: str | None = None
    config: str | None = None
    targets: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    system: str | None = None
    fetch_urls: bool = False
    allow_losses: bool = False
    no_stream: bool = False
    concurrency: int = 8
    max_cost: str | None = None
    via: str | None = None
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Forms:
    """In which forms the report is wanted, and which gates it has to pass."""

    html: str | None = None
    markdown: str | None = None
    as_json: str | None = None
    csv: str | None = None
    title: str | None = None
    strict: bool = False
    min_pass: tuple[str, ...] = ()
    max_cost_ratio: float | None = None
    baseline: str | None = None
    fail_on: str | None = None
    """Of drift; None: the report is on a migration."""


def of(kind: type[T], given: Mapping[str, object]) -> T:
    """Those of the command line's values that belong to `kind` (`Chosen`, `Forms`)."""
    made: Callable[..., T] = kind
    names = kind.__dataclass_fields__
    return made(**{name: value for name, value in given.items() if name in names})
