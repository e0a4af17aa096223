"""What the list of rows shows, sorts and filters by: columns, so that 10 000 rows are read at once.

Texts that repeat (targets, categories, models) stand once in `names`, the columns hold their places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

SHOWN = 160
"""Characters of a prompt and an answer in the list."""
NAMED = ("target", "status", "category", "model")
FACTS = ("usd", "seconds", "tokens_out")
PASSED = {True: "p", False: "f", None: "-"}

T = TypeVar("T")


class Listing:
    """Collects the columns, row by row."""

    def __init__(self) -> None:
        self.count = 0
        self._names: dict[str, dict[str, int]] = {name: {} for name in NAMED}
        self._places: dict[str, list[int]] = {name: [] for name in NAMED}
        self._plain: dict[str, list[object]] = {
            name: [] for name in ("id", "sample", "badness", "losses", "flags")
        }
        self._texts: dict[str, list[str]] = {"asks": [], "says": []}
        self._facts: dict[str, list[object]] = {
            f"{name}_{side}": [] for name in FACTS for side in ("before", "after")
        }
        self._verdicts: dict[str, dict[str, list[object]]] = {}

    def add(self, row: Mapping[str, object]) -> None:
        """The next row."""
        for name in NAMED:
            names = self._names[name]
            self._places[name].append(names.setdefault(str(row.get(name) or ""), len(names)))
        verdicts = _maps(row.get("verdicts"))
        self._plain["id"].append(row.get("id"))
        self._plain["sample"].append(row.get("sample"))
        self._plain["badness"].append(row.get("badness"))
        self._plain["losses"].append(len(_maps(row.get("losses"))))
        self._plain["flags"].append(sum(len(_list(verdict.get("flags"))) for verdict in verdicts))
        self._texts["asks"].append(_last_text(_maps(row.get("asked")), "user"))
        self._texts["says"].append(
            _last_text(_maps(row.get("after"))) or str(row.get("reason") or "")[:SHOWN]
        )
        facts = _map(row.get("facts"))
        for side in ("before", "after"):
            one = _map(facts.get(side))
            for name in FACTS:
                self._facts[f"{name}_{side}"].append(one.get(name))
        self._judge(verdicts)
        self.count += 1

    def _judge(self, verdicts: Sequence[Mapping[str, object]]) -> None:
        """A comparator's columns are as long as the list, also where it was not asked."""
        for verdict in verdicts:
            columns = self._verdicts.setdefault(str(verdict.get("name")), {"passed": [], "score": []})
            for column, empty in (("passed", " "), ("score", None)):
                columns[column].extend([empty] * (self.count - len(columns[column])))
            if len(columns["passed"]) == self.count:
                passed = verdict.get("passed")
                columns["passed"].append(PASSED[passed if isinstance(passed, bool) else None])
                columns["score"].append(verdict.get("score"))

    def columns(self) -> dict[str, object]:
        """All of it."""
        for verdict in self._verdicts.values():
            verdict["passed"].extend(" " * (self.count - len(verdict["passed"])))
            verdict["score"].extend([None] * (self.count - len(verdict["score"])))
        verdicts = [
            {"name": name, "passed": "".join(map(str, columns["passed"])), "score": columns["score"]}
            for name, columns in self._verdicts.items()
        ]
        return {
            "count": self.count,
            "names": {name: list(names) for name, names in self._names.items()},
            **self._places,
            **self._plain,
            **self._texts,
            **self._facts,
            "verdicts": verdicts,
        }


def _last_text(parts: Sequence[Mapping[str, object]], role: str = "") -> str:
    """The start of the last text (of a role); for an answer without text, its first call."""
    texts = [
        part for part in parts if part.get("kind") in ("text", "refusal") and role in ("", part.get("role"))
    ]
    if texts:
        return " ".join(str(texts[-1].get("text") or "")[: 2 * SHOWN].split())[:SHOWN]
    calls = [str(part.get("name") or "") + "()" for part in parts if part.get("kind") == "call"]
    return "" if role else ", ".join(calls)[:SHOWN]


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _maps(value: object) -> list[Mapping[str, object]]:
    return [_map(item) for item in _list(value)]
