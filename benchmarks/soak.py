"""10 000 calls in one process, recorded and replayed: what memory a call leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from benchmarks.measure import Row
from tokentape.testing.provider import Provider

CALLS = 10_000
SETTLED = 4_000
"""Calls after which allocator, caches and connection pools have their size."""

CHILD = """
import gc, json, sys
import httpx2, tokentape
url, path, mode, calls, settled = sys.argv[1:4] + [int(text) for text in sys.argv[4:]]
def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
with tokentape.use_cassette(path, mode=mode) as deck, httpx2.Client() as client:
    for number in range(calls):
        if number == settled:
            before = resident()
        said = [{"role": "user", "content": f"Question {number}"}]
        client.post(url + "/v1/chat/completions", json={"model": "m", "messages": said}).read()
    print(json.dumps([resident() - before, deck.tally.recorded, deck.tally.replayed]))
"""


def run(*, quick: bool = False) -> list[Row]:
    """Resident memory that a call adds, in bytes, once everything has settled."""
    if not os.path.exists("/proc/self/statm"):
        return []
    with tempfile.TemporaryDirectory() as folder, Provider() as provider:
        rows = []
        for place in (f"{folder}/tape.json", f"sqlite:{folder}/tapes.db#tape"):
            kind = "SQLite" if place.startswith("sqlite:") else "a file"
            rows += [_row(provider.url, place, mode, kind, quick) for mode in ("once", "none")]
        return rows


def _row(url: str, place: str, mode: str, kind: str, quick: bool) -> Row:
    calls, settled = (4, 2) if quick else (CALLS, SETTLED)
    command = [sys.executable, "-c", CHILD, url, place, mode, str(calls), str(settled)]
    grown, recorded, replayed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    if max(recorded, replayed) != calls:
        raise RuntimeError(f"{recorded} recorded and {replayed} replayed, not {calls}")
    verb = "recording" if mode == "once" else "replaying"
    return Row(f"{verb} {calls} calls with {kind}, memory per call", grown / (calls - settled), "bytes", 500)


if __name__ == "__main__":
    print(*run(), sep="\n")
