"""From a file to a document: everything that is wrong with it at once, each by its place."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from tokentape.errors import UsageError
from tokentape.gateway.config.checks import check
from tokentape.gateway.config.document import Document
from tokentape.gateway.config.wording import Place, line_of, nth_kept


class ConfigError(UsageError):
    """A configuration that cannot be used. `problems`: one line each."""

    def __init__(self, path: str, problems: Iterable[str]) -> None:
        self.path, self.problems = path, tuple(problems)
        super().__init__("\n  ".join((f"{path}:", *self.problems)))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.problems)


@dataclass(frozen=True, slots=True)
class Read:
    """A document, as far as it is right, and what is wrong with the rest."""

    document: Document
    problems: tuple[str, ...] = ()
    path: str = ""
    folder: str = "."


Changes = Mapping[tuple[str, str], object]
"""Values that win over those of the file, by table and key: options of the command line."""


def read_file(path: str, changes: Changes | None = None) -> Read:
    """Read a file. Raises `ConfigError` for one that cannot be read, or is no TOML."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ConfigError(path, [f"cannot be read: {error.strerror}; mend --config"]) from None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(path, [f"is no UTF-8 at byte {error.start}; save it as UTF-8"]) from None
    return read_text(text, path, os.path.dirname(os.path.abspath(path)), changes)


def read_text(text: str, path: str = "config", folder: str = ".", changes: Changes | None = None) -> Read:
    """Read TOML. Raises `ConfigError` for what is none."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(path, [f"is no TOML: {error}"]) from None
    raw.pop("tool", None)
    for (section, name), value in (changes or {}).items():
        table = raw.setdefault(section, {})
        if isinstance(table, dict):
            table[name] = value
    document, problems = _validated(raw)
    return Read(document, tuple(problems), path, folder)


def _validated(raw: dict[str, object]) -> tuple[Document, list[str]]:
    """The document without what is wrong in it, so that the rest is checked, too."""
    problems: list[str] = []
    removed: dict[str, list[int]] = {}
    rest: dict[str, object] = dict(raw)
    while True:
        try:
            document = Document.model_validate(rest)
            break
        except ValidationError as error:
            found = error.errors(include_url=False)
            problems += [line_of({**one, "loc": _original(one["loc"], removed)}, Document) for one in found]
            rest = _without(rest, [one["loc"] for one in found], removed)
    problems += check(document, raw, removed)
    return document, sorted(dict.fromkeys(problems), key=_order(raw))


def _without(
    rest: dict[str, object], places: list[Place], removed: dict[str, list[int]]
) -> dict[str, object]:
    """Without the smallest parts that can stand alone: an entry of a map or list, else the table."""
    kept = dict(rest)
    for section in {str(place[0]) for place in places}:
        inner = kept.get(section)
        steps = {place[1] for place in places if place[0] == section and len(place) > 1}
        whole = any(place == (section,) for place in places)
        if isinstance(inner, dict) and section in MAPS and not whole:
            kept[section] = {name: each for name, each in inner.items() if name not in steps}
        elif isinstance(inner, list) and not whole:
            gone = removed.setdefault(section, [])
            numbers = [number for number in range(len(inner) + len(gone)) if number not in gone]
            gone += [numbers[step] for step in steps if isinstance(step, int)]
            kept[section] = [each for number, each in enumerate(inner) if number not in steps]
        else:
            kept.pop(section, None)
    return kept


MAPS = frozenset({"upstreams", "models", "groups", "prices"})
"""Tables whose entries have names that somebody gave."""


def _original(place: Place, removed: Mapping[str, list[int]]) -> Place:
    gone = removed.get(str(place[0]))
    if not gone or len(place) < 2 or not isinstance(place[1], int):
        return place
    return (place[0], nth_kept(place[1], gone), *place[2:])


def _order(raw: Mapping[str, object]) -> "_Order":
    return _Order({name: number for number, name in enumerate(raw)})


class _Order:
    """Problems in the order of the file's tables."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers

    def __call__(self, problem: str) -> int:
        name = problem.partition(":")[0].partition(".")[0].partition("[")[0]
        return self._numbers.get(name, len(self._numbers))
