"""How much a model may write and think: output caps, and what effort words mean in tokens.

From a dated snapshot of published data (`limits.json`, by `scripts/limits.py`), never from a list of our
own. What it does not list is unknown: an upstream's own error is better than a wrong guess (cases 29, 31).
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, TypedDict, cast

if TYPE_CHECKING:
    from typing import NotRequired

    class Limits(TypedDict):
        """What is known of a model."""

        cap: NotRequired[int]
        efforts: NotRequired[list[str]]

    class Snapshot(TypedDict):
        """The file."""

        source: str
        date: str
        notice: str
        budgets: dict[str, int]
        exceptions: dict[str, dict[str, int]]
        least: dict[str, int]
        models: dict[str, Limits]


EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Effort words, from less to more."""

_FOR_ALL = frozenset(EFFORTS[:5])
"""Levels that a model is taken to know where its own are not published."""


def output_cap(model: str | None) -> int | None:
    """The most tokens that `model` can write in one reply; None if nobody has published it."""
    return _listed(model)[0]


def efforts(model: str | None) -> tuple[str, ...] | None:
    """The effort words that `model` takes, from less to more; None if nobody has published them."""
    return _listed(model)[1]


def nearest_effort(effort: str, model: str | None) -> str:
    """`effort`, or the nearest one that `model` takes: the next lower, else the next higher.

    A word that we do not know stays as it is.
    """
    known = efforts(model)
    if not known or effort in known or effort not in EFFORTS:
        return effort
    place = EFFORTS.index(effort)
    lower = [word for word in known if EFFORTS.index(word) < place]
    return lower[-1] if lower else known[0]


def effort_budget(effort: str, model: str | None) -> int | None:
    """The thinking budget, in tokens, that `effort` stands for; None for a word that nobody has published.

    0 is no thinking at all; other budgets are at least what the model's API asks for.
    """
    name = next(iter(names(model)), "")
    budget = _budgets(name).get(effort)
    if not budget:
        return budget
    return max([budget, *(least for part, least in _snapshot()["least"].items() if part in name)])


def budget_effort(budget: int, model: str | None) -> str | None:
    """The most effort whose budget `budget` holds, among the words that `model` takes.

    None for a negative budget, with which a model is told to think as much as it likes. Less than the
    smallest budget is the least effort, and only 0 is "none".
    """
    if budget < 0:
        return None
    taken = efforts(model)
    words = [word for word in EFFORTS if word in (_FOR_ALL if taken is None else taken)]
    budgets = _budgets(next(iter(names(model)), ""))
    if budget == 0 or not words:
        return nearest_effort("none", model) if words else None
    thinking = [word for word in words if word != "none"]
    held = [word for word in thinking if budgets[word] <= budget]
    return held[-1] if held else next(iter(thinking), "none")


@lru_cache(maxsize=1024)
def _budgets(name: str) -> dict[str, int]:
    """The budgets of effort words, those of the name's family before the usual ones; more is never less."""
    data = _snapshot()
    special = (found for part, found in data["exceptions"].items() if part in name)
    found = {**data["budgets"], **next(special, {})}
    return dict(zip(EFFORTS, accumulate((found[word] for word in EFFORTS), max), strict=True))


@lru_cache(maxsize=1024)
def _listed(model: str | None) -> tuple[int | None, tuple[str, ...] | None]:
    cap: int | None = None
    words: tuple[str, ...] | None = None
    models = _snapshot()["models"]
    for found in (models[name] for name in names(model) if name in models):
        cap = found.get("cap") if cap is None else cap
        if words is None and "efforts" in found:
            words = tuple(found["efforts"])
    return cap, words


@cache
def _snapshot() -> Snapshot:
    from importlib.resources import files

    text = (files("tokentape.protocols") / "limits.json").read_text(encoding="utf-8")
    return cast("Snapshot", json.loads(text))


_MAKER = re.compile(r"(?:[a-z][a-z-]*\.|ai21\.)+(?=[a-z])")
"""Bedrock's region and maker: `us.anthropic.`."""

_VERSION = re.compile(r"(?:-v\d+)?:\d+(?::\w+)?$|-v1$")
"""Bedrock's version of a version: `-v1:0`."""

_DATE = re.compile(r"-(?:20\d\d-?[01]\d-?[0-3]\d|latest)(?=$|[-:])|:.*$")
"""The day of a model's version, or the tag of an open one (`:8b`)."""


@lru_cache(maxsize=1024)
def names(model: str | None) -> tuple[str, ...]:
    """The names under which a model may be listed, the most exact one first: in lower case, without what
    is before the last `/`, with `-` for `.`, `@` and `_`; without maker and region; without its date.
    """
    if not model:
        return ()
    name = model.lower().removeprefix("ft:").rpartition("/")[2]
    bare = _VERSION.sub("", _MAKER.sub("", name, count=1) if _MAKER.match(name) else name)
    found = (_dashed(name), _dashed(bare), _DATE.sub("", _dashed(bare)))
    return tuple(dict.fromkeys(each for each in found if each))


def _dashed(name: str) -> str:
    return name.replace(".", "-").replace("@", "-").replace("_", "-")
