"""The cassette of one test or class: where it lives, how it opens and how it ends."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from tokentape import active, settings
from tokentape.cassette import hold, release
from tokentape.cassettes.mode import RecordMode
from tokentape.cassettes.stores.names import safe_name
from tokentape.errors import UnusedInteractions
from tokentape.opening import open_with
from tokentape.options import OptionArgs, Options
from tokentape.pytest_names import command_of, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from tokentape.deck import Deck
    from tokentape.pytest_report import Report

    Said = Callable[[pytest.Item | pytest.Collector], bool]


_ADDING = frozenset({RecordMode.ONCE, RecordMode.NEW_EPISODES})
"""Modes that only ever add to a cassette."""


class TestFailed(Exception):
    """Stands for whatever failed the test, so that its recording is not taken for finished."""

    __test__ = False


@contextmanager
def block_of(
    request: pytest.FixtureRequest, report: Report, passed: Said, ran: Said = lambda node: True
) -> Iterator[Deck]:
    """Open the cassette for the requesting node, and close it when the fixture is torn down.

    `ran` says whether every test of the node ran: where one was skipped, nothing is dropped or replaced,
    and nothing counts as unused, but the cassette may be finished.
    Raises `UnusedInteractions` at the end where nothing may be sent in mode `none`, the test passed, and
    recordings were left over.
    """
    node = request.node
    path, args = _asked(node)
    options = Options.of(args, command=f"{command_of(node)} --tokentape-mode={{mode}}")
    deck = open_with(path or default_path(node), options)
    hold(deck)
    added = {} if deck.goes_out else report.placeholders_for_test()
    active.push(deck, root=True)
    try:
        yield deck
    finally:
        active.pop(deck)
        release()
        for name in added:
            os.environ.pop(name, None)
        well, whole = passed(node), ran(node)
        try:
            deck.close(None if well and (whole or deck.mode in _ADDING) else TestFailed())
        finally:
            report.add(node.nodeid, deck)
    if well and whole and deck.mode.only_replays and deck.unused:
        raise UnusedInteractions(_unused_text(deck))


def default_path(node: pytest.Item | pytest.Collector) -> str:
    """`cassettes/<module>/<Class>.<test>[<parameters>].json` beside the module.

    Hostile names (parameters may hold anything) map to safe, stable and distinct files. The folder's
    name is the setting `cassette_dir`.
    """
    folder = str(settings.project().options.get("cassette_dir", "cassettes"))
    module = node.path
    return os.path.join(module.parent, folder, safe_name(module.stem), safe_name(name_of(node)) + ".json")


def _asked(node: pytest.Item | pytest.Collector) -> tuple[str | None, OptionArgs]:
    """The path and options of the markers on the node; the closest marker wins."""
    path: str | None = None
    options: dict[str, object] = {}
    for marker in reversed(list(node.iter_markers("tokentape"))):
        given = dict(marker.kwargs)
        given.pop("scope", None)
        named = given.pop("path", marker.args[0] if marker.args else None)
        if named is not None:
            path = os.path.join(node.path.parent, os.fspath(named))
        options.update(given)
    return path, cast("OptionArgs", options)


def _unused_text(deck: Deck) -> str:
    ids = ", ".join(deck.unused[:5]) + (", ..." if len(deck.unused) > 5 else "")
    return (
        f"{deck.path}: {len(deck.unused)} recordings were not used ({ids}); if the test no longer makes "
        f"these calls, drop them with --tokentape-mode=refresh"
    )
