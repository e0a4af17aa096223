"""From the command line to a plan: the corpus, the store of the answers, the targets, the comparators."""

from __future__ import annotations

import sqlite3
import sys
import warnings
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from tokentape import settings
from tokentape.cli.evaluating.whom import Sources
from tokentape.cli.text import count, safe
from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tokentape.cli.evaluating.options import Chosen
    from tokentape.cli.evaluating.whom import Whom
    from tokentape.evaluation.asking.charge import Prices
    from tokentape.evaluation.asking.question import Changes
    from tokentape.evaluation.corpus.choosing import Corpus
    from tokentape.evaluation.migrating.plan import Plan
    from tokentape.upstreams.upstream import Upstream

    Chooses = Callable[[Chosen, Sources], Callable[[Corpus], Whom]]

NEEDED = "pip install 'tokentape[gateway]'"
MOST_SYSTEM = 10_000_000
"""Bytes of a system prompt."""


@contextmanager
def told_in_lines() -> Iterator[None]:
    """What goes wrong underneath is told in a line each, without a place in our code: warnings of stores, and
    a disk that has no room for the temporary files of SQLite.
    """
    with warnings.catch_warnings():
        # Whatever else a warning comes with is a place in our code.
        warnings.showwarning = lambda message, *_: click.echo(
            f"tokentape: {safe(' '.join(str(message).split()))}", err=True
        )
        try:
            yield
        except sqlite3.Error as error:
            raise UsageError(f"temporary files cannot be kept ({error}); TMPDIR says where") from error


@contextmanager
def planned(chosen: Chosen, chooses: Chooses, *, asks: bool) -> Iterator[Plan]:
    """The plan, with its corpus open; `chooses` says who is asked (`whom`). Without `asks` no key is needed.
    Raises `UsageError` for whatever is wrong with what was chosen.
    """
    with told_in_lines(), _planned(chosen, chooses, asks=asks) as plan:
        yield plan


@contextmanager
def _planned(chosen: Chosen, chooses: Chooses, *, asks: bool) -> Iterator[Plan]:
    from tokentape.evaluation.asking.budget import Budget
    from tokentape.evaluation.asking.targets import target
    from tokentape.evaluation.comparing.comparator import models_in
    from tokentape.evaluation.comparing.spec import comparators_of
    from tokentape.evaluation.corpus.choosing import Corpus
    from tokentape.evaluation.migrating.places import answers_place, answers_store
    from tokentape.evaluation.migrating.plan import Plan
    from tokentape.upstreams.destinations import FetchOptions

    if asks or chosen.fetch_urls:
        check_client()
    comparators, budget = comparators_of(chosen.compare), Budget(dollars(chosen.max_cost))
    changes = changes_of(chosen)
    declared, prices = declared_in(chosen.config)
    resolve = partial(target, declared=declared.get, asks=asks)
    for judge in models_in(comparators):
        resolve(judge)
    store = answers_store(chosen.answers or answers_place(chosen.places[0]))
    whom_of = chooses(chosen, Sources(store, resolve, declared))
    with Corpus(
        chosen.places, where=chosen.where, sample=chosen.sample, by=chosen.by, prices=prices
    ) as corpus:
        if not len(corpus):
            raise UsageError(nothing_in(chosen, corpus))
        whom = whom_of(corpus)
        yield Plan(
            corpus=corpus,
            answers=store,
            targets=whom.targets,
            comparators=comparators,
            resolve=resolve,
            changes=changes,
            samples=chosen.samples,
            concurrency=chosen.concurrency,
            prices=prices,
            fetch=FetchOptions() if chosen.fetch_urls else None,
            own=whom.own,
            shares=whom.shares,
            folder=whom.folder,
            budget=budget,
        )


def nothing_in(chosen: Chosen, corpus: Corpus) -> str:
    """Why there is nothing to ask: a report on nothing would pass for a good one."""
    found, place = corpus.summary, ", ".join(chosen.places)
    if not found.seen.rows:
        what = f"no conversation among {count(found.seen.interactions, 'interaction')}"
        more = [
            *found.seen.unreadable,
            *(f"{n} x {name}" for name, n in found.seen.passed_over.most_common()),
        ]
    elif not found.matching:
        what, more = f"none of {count(found.seen.rows, 'conversation turn')} fits --where {chosen.where}", []
    else:
        what = f"no whole answer to any of {count(found.calls, 'call')}"
        more = [f"{number} x {reason}" for reason, number in found.reasons]
    return safe(f"{place}: there is nothing to evaluate: {'; '.join([what, *more[:3]])}")


def changes_of(chosen: Chosen) -> Changes:
    """What is asked otherwise than it was recorded."""
    from tokentape.evaluation.asking.question import Changes
    from tokentape.evaluation.asking.settings import parameters_of

    system = None if chosen.system is None else text_of(chosen.system)
    parameters = parameters_of(chosen.sets)
    return Changes(system, parameters, stream=not chosen.no_stream, lossy=chosen.allow_losses)


def text_of(path: str) -> str:
    """The text of a file, or of stdin (`-`). Raises `UsageError`."""
    try:
        with sys.stdin.buffer if path == "-" else open(path, "rb") as file:
            data = file.read(MOST_SYSTEM + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"--system {path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--system {path}: it is no UTF-8 (byte {error.start})") from error
    if len(data) > MOST_SYSTEM:
        raise UsageError(f"--system {path}: it is longer than {MOST_SYSTEM:,} bytes")
    return text.replace("\r\n", "\n")


def dollars(text: str | None) -> Decimal | None:
    """An amount of money. Raises `UsageError`."""
    if text is None:
        return None
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise UsageError(f"--max-cost {text}: give US dollars, such as 2.50")
    return amount


def declared_in(config: str | None) -> tuple[Mapping[str, Upstream], Prices]:
    """The upstreams and prices of a gateway's file: that one, else `TOKENTAPE_CONFIG`'s."""
    path = config or settings.gateway_file()
    if path is None:
        return {}, None
    if find_spec("pydantic") is None:
        raise UsageError(f"{path} cannot be read without pydantic: {NEEDED}")
    from tokentape.gateway.config.loading import Source

    loaded = Source(path).load()
    return loaded.router.upstreams, loaded.lasting.usage.prices


def check_client() -> None:
    """Raises `UsageError` where there is nothing to ask with."""
    if find_spec("aiohttp") is None:
        raise UsageError(f"to ask a provider needs aiohttp, which is not installed: {NEEDED}")
