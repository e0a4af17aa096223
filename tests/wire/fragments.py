"""Bodies in pieces: every decoder has to give the same events however its input was cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from tokentape.wire.event import decode

places = st.lists(st.integers(min_value=0, max_value=1000), max_size=12)


def cut(body: bytes, at: list[int]) -> list[bytes]:
    """The body cut at these places (modulo its length); pieces may be empty."""
    edges = [0, *sorted(place % (len(body) + 1) for place in at), len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


def check_laws(make, body: bytes, at: list[int]):
    """The two laws of a decoder; returns the events."""
    whole = decode(make(), (body,))
    assert decode(make(), cut(body, at)) == whole
    assert decode(make(), (body[n : n + 1] for n in range(len(body)))) == whole
    assert b"".join(event.raw for event in whole) == body
    assert all(event.raw for event in whole)
    return whole
