"""Each stack records all cases once, against a provider that is gone when they are replayed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from stack_calls import stacks
from stack_cases import CASES

import tokentape
from tokentape.testing.provider import Provider

sys.path.append(str(Path(__file__).parent.parent / "interceptors"))  # its server of HTTP/2


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)


class Recorded:
    """A cassette, where its provider was, and what the callers got."""

    def __init__(self, file, url, got):
        self.file, self.url, self.got = file, url, got


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """`recorded(name)`: what the stack `name` made of all cases."""
    made = {}

    def record(name):
        if name not in made:
            made[name] = _record(stacks()[name], tmp_path_factory.mktemp("stack") / "tape.json")
        return made[name]

    return record


def _record(call, file):
    got = {}
    with Provider(gap=0.001) as provider:
        with tokentape.use_cassette(file, mode="all", errors="record"):
            for case in CASES:
                for script in case.scripts:
                    provider.play(script)
                got[case.name] = [call(provider.url, asked) for asked in case.calls]
    return Recorded(file, provider.url, got)
