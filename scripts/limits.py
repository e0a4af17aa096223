"""Take a snapshot of the published limits: `python scripts/limits.py DIRECTORY [DAY]`.

DIRECTORY holds the litellm package (MIT), fetched beside the environment, since tokentape does not need it:
`pip install --no-deps --target DIRECTORY litellm`. Of its model list (model_prices_and_context_window_backup
.json) the output caps and the effort levels of text models are kept, of its constants.py the budgets of
tokens that effort words stand for; everything else stays behind:

    {"source", "date", "notice",
     "budgets": {"low": 1024, ...},                 what an effort word stands for
     "exceptions": {"gemini-2-5-pro": {"minimal": 128, ...}, ...}, by a part of the model's name
     "least": {"claude": 1024},                     no budget may be smaller
     "models": {NAME: {"cap"?: TOKENS, "efforts"?: [WORD, ...]}}}

NAME is a name as `tokentape.protocols.limits.names` gives it; of several names of one model the shortest
stands for all that say the same. Where the hosts of a model contradict each other, and its maker lists no
value (a name without a host before it), nothing is known.
"""

from __future__ import annotations

import ast
import datetime
import json
import re
import sys
from collections import defaultdict
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokentape.protocols.limits import EFFORTS, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TARGET = Path(__file__).parents[1] / "src" / "tokentape" / "protocols" / "limits.json"

GENERATING = frozenset({"chat", "responses", "completion"})
"""Modes of models that write text."""

ALWAYS = ("low", "medium", "high")
"""Effort levels that the list does not mention, since every model with levels has them."""


def snapshot(package: Path, date: str) -> dict[str, Any]:
    """The whole file."""
    (info,) = package.glob("litellm-*.dist-info")
    version = HeaderParser().parsestr((info / "METADATA").read_text(encoding="utf-8"))["Version"]
    listed = json.loads((package / "litellm/model_prices_and_context_window_backup.json").read_text("utf-8"))
    constants = _constants(package / "litellm" / "constants.py")
    return {
        "source": f"litellm {version}",
        "date": date,
        "notice": (info / "licenses" / "LICENSE").read_text(encoding="utf-8").strip(),
        **_budgets(constants),
        "models": _models({name: entry for name, entry in listed.items() if entry.get("mode") in GENERATING}),
    }


def _constants(path: Path) -> dict[str, int]:
    """Whole numbers by name, whether plain or the default of a setting."""
    found: dict[str, int] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        last = value.args[-1] if isinstance(value, ast.Call) and value.args else value
        if isinstance(target, ast.Name) and isinstance(last, ast.Constant) and type(last.value) is int:
            found[target.id] = last.value
    return found


DOCUMENTED = {"gemini-2-5": {"low": 1024, "medium": 8192, "high": 24576}}
"""What Google makes of effort words itself (https://ai.google.dev/gemini-api/docs/openai, 2026-11-21)."""

_BUDGET = re.compile(r"DEFAULT_REASONING_EFFORT_([A-Z]+)_THINKING_BUDGET(?:_(\w+))?")


def _budgets(constants: dict[str, int]) -> dict[str, Any]:
    budgets: dict[str, int] = {}
    exceptions: dict[str, dict[str, int]] = {}
    for name, value in constants.items():
        if found := _BUDGET.fullmatch(name):
            word = "none" if found[1] == "DISABLE" else found[1].lower()
            place = exceptions.setdefault(_dashed(found[2]), {}) if found[2] else budgets
            place[word] = value
    for family, documented in DOCUMENTED.items():
        exceptions.setdefault(family, {})
        for name, budgets_of_it in exceptions.items():
            if name.startswith(family):
                budgets_of_it.update(documented)
    longest_first = sorted(exceptions, key=len, reverse=True)
    return {
        "budgets": {word: budgets[word] for word in EFFORTS},
        "exceptions": {name: exceptions[name] for name in longest_first},
        "least": {"claude": constants["ANTHROPIC_MIN_THINKING_BUDGET_TOKENS"]},
    }


def _dashed(name: str) -> str:
    return name.lower().replace("_", "-")


def _models(listed: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    models: dict[str, dict[str, Any]] = defaultdict(dict)
    for field, read in (("cap", _cap), ("efforts", _efforts)):
        for name, value in _agreed(listed, read).items():
            models[name][field] = value
    return dict(sorted(models.items()))


def _cap(entry: dict[str, Any]) -> int | None:
    cap = entry.get("max_output_tokens")
    return cap if isinstance(cap, int) and cap > 0 else None


def _efforts(entry: dict[str, Any]) -> list[str] | None:
    if (levels := entry.get("reasoning_effort_levels")) is not None:
        return list(levels)
    said = {word: entry.get(f"supports_{word}_reasoning_effort") for word in EFFORTS}
    if not any(said.values()):
        return None
    return [word for word in EFFORTS if (said[word] if said[word] is not None else word in ALWAYS)]


def _agreed(listed: dict[str, dict[str, Any]], read: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """The values by name, the general names first, so that a special one is kept only if it differs."""
    said: dict[tuple[int, str], list[tuple[str, Any]]] = defaultdict(list)
    for key, entry in listed.items():
        if (value := read(entry)) is not None:
            for step, name in enumerate(reversed(names(key))):
                said[step, name].append((key, value))
    found: dict[str, Any] = {}
    for step, name in sorted(said):
        value = _one(name, said[step, name])
        known = next((found[each] for each in names(name) if each in found), None)
        if value is not None and value != known:
            found[name] = value
    return found


def _one(name: str, said: list[tuple[str, Any]]) -> Any:
    """What all say; else all makers; else the model that has this very name."""
    makers = [(key, value) for key, value in said if "/" not in key]
    same = [(key, value) for key, value in makers if names(key)[0] == name]
    for group in (said, makers, same):
        if group and _all_equal(value for _, value in group):
            return group[0][1]
    return None


def _all_equal(values: Iterable[Any]) -> bool:
    return len({json.dumps(value) for value in values}) == 1


def written(found: dict[str, Any]) -> str:
    """One model, one line: an update is a readable change."""
    models = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found["models"].items())
    head = json.dumps({**found, "models": {}})
    return head[:-2] + "\n" + models + "\n}}\n"


if __name__ == "__main__":
    day = sys.argv[2] if len(sys.argv) > 2 else datetime.datetime.now(datetime.UTC).date().isoformat()
    TARGET.write_text(written(snapshot(Path(sys.argv[1]), day)), encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size >> 10} KB, {day}")
