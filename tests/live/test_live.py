"""Real providers. `pytest -m live` calls each one whose key is set in the environment; it costs a few tokens."""

from __future__ import annotations

import os

import pytest
from live_calls import OUT_OF_ORDER, record_and_replay
from live_providers import PROVIDERS

http = pytest.importorskip("httpx2", reason="needs httpx2")

pytestmark = pytest.mark.live
KEYS = {
    live.name: next((os.environ[name] for name in live.keys if os.environ.get(name)), "")
    for live in PROVIDERS
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("live", PROVIDERS, ids=lambda live: live.name)
def test_a_call_is_recorded_and_replays(live, stream, outside):
    key = KEYS[live.name]
    if not key:
        pytest.skip(f"{' or '.join(live.keys)} is not set")
    model = os.environ.get(f"TOKENTAPE_LIVE_{live.name.upper().replace('-', '_')}_MODEL", live.model)
    status, kept = record_and_replay(http, live, key, model, outside / "live.json", stream=stream)
    if status in OUT_OF_ORDER:
        pytest.skip(f"{live.name}: {OUT_OF_ORDER[status]}")
    assert status == 200, kept["response"]["body"]
    assert (kept["origin"], kept["ended"]["how"]) == ("live", "eof")
    assert kept["ended"]["terminal"] is (True if stream else None)
    assert "pong" in kept["reads_as"].lower()
