"""Values known to be secret, because they stood where credentials stand.

They are looked for everywhere else, as they are and in the encodings in which a server or a program
may give them back. Nothing in here is ever stored.
"""

from __future__ import annotations

import base64
import json
import threading
from typing import TYPE_CHECKING

from tokentape.forks import renewed
from tokentape.wire.redact import placeholder, values
from tokentape.wire.redact.hits import Hit
from tokentape.wire.redact.percent import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

SHORTEST = 8
"""Shorter values are never learnt: `test` or `dummy` would eat ordinary text."""

_HTML_SAFE = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e", "'": "\\u0027", "=": "\\u003d", "+": "\\u002b"}


def worth_knowing(value: str) -> bool:
    """False for what is too short, a placeholder, or words such as `test-key` and `lm-studio`."""
    if len(value) < SHORTEST or placeholder.PLACEHOLDER_RE.search(value):
        return False
    return not values.is_stand_in(value)


def forms(value: str) -> frozenset[bytes]:
    """`value` as bytes: plain, percent-encoded, JSON-escaped (up to twice), in base64."""
    plain = value.encode("utf-8", "surrogatepass")
    once = json.dumps(value)[1:-1]
    escaped = {once, json.dumps(value, ensure_ascii=False)[1:-1], once.replace("/", "\\/")}
    escaped |= {"".join(_HTML_SAFE.get(char, char) for char in once)}
    escaped |= {json.dumps(text)[1:-1] for text in escaped}
    found = {text.encode("utf-8", "surrogatepass") for text in escaped}
    for quoted in (quote(plain), quote(plain, b"/"), quote(plain).replace(b"%20", b"+")):
        found |= {quoted, quoted.replace(b"%", b"%25")} | ({quoted.lower()} if quoted != plain else set())
    return frozenset(found | {plain} | _in_base64(plain))


def _in_base64(plain: bytes) -> set[bytes]:
    """What all base64 texts that hold `plain` have in common, for each of the three alignments."""
    found: set[bytes] = set()
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + plain)
        tail = -(len(plain) + offset) % 3
        core = text[(0, 2, 3)[offset] : len(text) - (0, 2, 3)[tail]]
        if len(core) >= SHORTEST:
            found |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def find(data: bytes, literals: Iterable[bytes], kind: str = "known_value") -> list[Hit]:
    """Every place in `data` where one of `literals` stands."""
    hits: list[Hit] = []
    for literal in literals:
        at = data.find(literal)
        while at >= 0:
            hits.append(Hit(at, at + len(literal), kind))
            at = data.find(literal, at + len(literal))
    return hits


class KnownValues:
    """A set of secrets with all their forms; the oldest go when there are more than `limit`.

    Safe to use from several threads: `literals` is replaced, never changed.
    """

    __slots__ = ("_forms", "_limit", "_lock", "literals")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = renewed(threading.Lock())
        self._forms: dict[str, frozenset[bytes]] = {}
        self.literals: tuple[bytes, ...] = ()

    def learn(self, secrets: Collection[str]) -> None:
        """Remember every value of `secrets` that is worth it."""
        new = [secret for secret in secrets if secret not in self._forms and worth_knowing(secret)]
        if not new:
            return
        with self._lock:
            self._forms.update((secret, forms(secret)) for secret in new)
            while len(self._forms) > self._limit:
                del self._forms[next(iter(self._forms))]
            every = frozenset().union(*self._forms.values())
            self.literals = tuple(sorted(every, key=lambda form: (-len(form), form)))
