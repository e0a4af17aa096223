"""What became of the calls of one cassette, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """What happened so far: calls replayed, recorded, missed, and passed through.

    `refused` are telemetry and warm-up calls that were not on the tape: answered with an error, and no miss.
    `unrecorded` were sent while recording and are no recording: they switched protocols, or never left.
    `synthesized`, of those replayed, were made from a recording of the other form (streamed or whole).
    In mode `verify`, those replayed were `verified` against a live reply, of which some `differed`, or stay
    `unverified`: they ask no model, or their recording is no measure.
    """

    replayed: int = 0
    recorded: int = 0
    missed: int = 0
    passed: int = 0
    unrecorded: int = 0
    refused: int = 0
    synthesized: int = 0
    verified: int = 0
    differed: int = 0
    unverified: int = 0


def in_words(verified: int, differed: int, unverified: int) -> str:
    """What mode `verify` did, in one line."""
    calls = f"{verified} call" + ("" if verified == 1 else "s")
    text = f"{calls} verified live, {differed} differ" + ("s" if differed == 1 else "")
    left = f", {unverified} not asked (no calls of a model, or nothing to compare)"
    return text + (left if unverified else "")
