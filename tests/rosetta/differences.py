"""Where the other translators and ours differ, who is right, and why; `case` is that of tests/protocols/cases."""

from __future__ import annotations

from typing import NamedTuple

LITELLM, ROSETTA = "litellm", "llm-rosetta"


class Difference(NamedTuple):
    """One difference. `facet` is what differs ("raised": they fail, "malformed": what they write is not of
    the dialect); "*" stands for any. `right` is "ours", "theirs" or "both" (two good ways to say it).
    """

    tool: str
    half: str
    feature: str
    facet: str
    source: str
    target: str
    right: str
    why: str

    def fits(self, found):
        """True if it is about `found`, the first six fields of a difference."""
        return all(mine in ("*", theirs) for mine, theirs in zip(self, found, strict=False))


LISTED: tuple[Difference, ...] = ()
