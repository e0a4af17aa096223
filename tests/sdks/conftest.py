"""Real SDKs against the loopback provider: record, stop the provider, replay, compare what the SDK returns."""

from __future__ import annotations

import asyncio
import inspect

import pytest

import tokentape
from tokentape.testing.provider import Provider


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def provider():
    with Provider(gap=0.0005) as running:
        yield running


def plain(value):
    """Anything an SDK returns, as plain data that compares."""
    if isinstance(value, BaseException):
        return type(value).__name__, str(value)
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json", warnings=False)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


class Tape:
    """Runs a scenario twice: recorded against the provider, then replayed with the provider stopped."""

    def __init__(self, provider, path):
        self.provider = provider
        self.path = path

    def _run(self, scenario, mode):
        async def in_loop():
            async with tokentape.use_cassette(self.path, mode=mode, errors="record"):
                return await scenario(self.provider.url)

        if inspect.iscoroutinefunction(scenario):
            return plain(asyncio.run(in_loop()))
        with tokentape.use_cassette(self.path, mode=mode, errors="record"):
            return plain(scenario(self.provider.url))

    def twice(self, scenario):
        """The scenario's result, after checking that recording, replay and once-again agree."""
        live = self._run(scenario, "once")
        seen = self.provider.count
        assert seen > 0
        self.provider.stop()
        assert self._run(scenario, "none") == live
        assert self._run(scenario, "once") == live
        assert self.provider.count == seen
        return live


@pytest.fixture
def tape(provider, tmp_path):
    return Tape(provider, tmp_path / "cassette.json")
