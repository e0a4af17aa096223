"""One live call: recorded, then replayed with the network held back, with the key and without it."""

from __future__ import annotations

import json

import tokentape

OUT_OF_ORDER = {402: "payment required", 429: "rate or quota limit"}
"""Answers about the account, not about the recording."""


def send(http, live, key, model, *, stream, base=None):
    """Status and the raw pieces of the reply."""
    url, body = live.url(stream=stream, model=model, base=base), live.body(stream=stream, model=model)
    with http.Client(timeout=60) as client:
        with client.stream("POST", url, json=body, headers=live.fields(key)) as got:
            return got.status_code, list(got.iter_bytes())


def record_and_replay(http, live, key, model, file, *, stream, base=None):
    """The recorded interaction as the file shows it, after both replays gave the same; or the status."""
    asked = {"stream": stream, "base": base}
    with tokentape.use_cassette(file, mode="all", errors="record"):
        recorded = send(http, live, key, model, **asked)
    assert key not in file.read_text(encoding="utf-8")
    for used in (key, "another-key"):
        with tokentape.use_cassette(file, mode="none") as deck:
            assert send(http, live, used, model, **asked) == recorded
        assert deck.tally.missed == 0
    (kept,) = json.loads(file.read_text(encoding="utf-8"))["interactions"]
    return recorded[0], kept
