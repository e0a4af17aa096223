"""All finders over one piece of text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.wire.redact import assigned, fields, jsonpaths, known, shapes
from tokentape.wire.redact.hits import Hit, cover, merged, settle, within
from tokentape.wire.redact.prefilter import Suspect, suspects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.wire.redact.rules import Rules

_OPAQUE_RE = re.compile(
    rb"\"(?:encrypted_?[cC]ontent|thought_?[sS]ignature|redacted_?[cC]ontent|signature)\\*+\"\s*+:\s*+\\*+\""
    rb"([A-Za-z0-9+/=_\-.]{32,}+)"
)
"""Encrypted reasoning: made by the provider, read only by the provider, and needed whole."""


@dataclass(frozen=True, slots=True)
class Search:
    """The rules, and the values known to be secret (`literals`), for one redaction."""

    rules: Rules
    literals: tuple[bytes, ...] = ()

    def text(self, data: bytes) -> list[Hit]:
        """What to hide in text of any kind: JSON, a stream, a form, a page, a log line."""
        return _until_quiet(data, self._in_text)

    def clean(self, data: bytes) -> bool:
        """True if there is surely nothing to hide in this text."""
        if suspects(data) or any(literal in data for literal in self.literals):
            return False
        return not any(pattern.search(data) for pattern in self.rules.patterns)

    def loud(self, data: bytes) -> list[Hit]:
        """The same in binary data, which may be large: known values and unmistakable keys only."""
        hits = known.find(data, self.literals)
        loud = shapes.find(data, shapes.LOUD)
        hits += _outside_opaque(data, loud) if loud else []
        return settle(data, hits) if hits else []

    def json(self, data: bytes) -> list[Hit]:
        """The same in one JSON document: the user's paths hold, and what comes out is JSON again."""
        return _until_quiet(data, self._in_json)

    def _in_text(self, data: bytes) -> list[Hit]:
        hits = self._built_in(data)
        hits += known.find(data, self.literals)
        hits += self._patterns(data)
        return settle(data, hits) if hits else []

    def _in_json(self, data: bytes) -> list[Hit]:
        hits = self._built_in(data)
        mine = known.find(data, self.literals) + self._patterns(data)
        if mine:
            hits += jsonpaths.clip(data, mine)
        if self.rules.paths:
            hits += jsonpaths.find(data, self.rules.paths)
        return settle(data, hits) if hits else []

    def _built_in(self, data: bytes) -> list[Hit]:
        suspect = suspects(data)
        hits: list[Hit] = []
        if not (suspect or self.rules.fields):
            return hits
        if suspect & Suspect.SHAPE:
            hits += shapes.find(data)
        if suspect & Suspect.FIELD or self.rules.fields:
            hits += fields.find(data, self.rules.fields)
        if suspect & Suspect.ASSIGNED:
            hits += assigned.find(data)
        return _outside_opaque(data, hits) if hits else hits

    def _patterns(self, data: bytes) -> list[Hit]:
        return [
            Hit(*match.span(), "user_rule")
            for pattern in self.rules.patterns
            for match in pattern.finditer(data)
        ]


_MOST_ROUNDS = 8


def _until_quiet(data: bytes, find: Callable[[bytes], list[Hit]]) -> list[Hit]:
    """All hits, those included that only show once others are covered: a placeholder is a boundary."""
    found: list[Hit] = []
    new = find(data)
    for _ in range(_MOST_ROUNDS):
        if not new:
            break
        found = merged([*found, *new])
        new = find(cover(data, found))
    return found


def _outside_opaque(data: bytes, hits: Sequence[Hit]) -> list[Hit]:
    """`hits` without those inside encrypted reasoning. A bare `signature` may be a credential itself."""
    zones = [match.span(1) for match in _OPAQUE_RE.finditer(data)]
    if not zones:
        return list(hits)
    return [hit for hit in hits if hit.kind == "credential" or not within(hit, zones)]
