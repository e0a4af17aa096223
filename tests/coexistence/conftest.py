"""A provider, no settings from outside, and a look at every seam before and after."""

from __future__ import annotations

import pytest
from both_active import ORDERS, seams

import tokentape
from tokentape.testing.provider import Provider

PATH = "/v1/chat/completions"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=ORDERS)
def order(request):
    return request.param


@pytest.fixture(params=[True, False], ids=["ours-first", "theirs-first"])
def nested(request):
    """Left in the reverse order, as `with` does."""
    return request.param, False


@pytest.fixture
def provider():
    with Provider(gap=0.0005) as running:
        yield running


@pytest.fixture
def url(provider):
    return provider.url + PATH


@pytest.fixture
def originals():
    """`originals(call)`: run it; afterwards every function that it replaced is back.

    Where the other tool saved ours as the original and put it back after we left, ours sleeps there until
    the next cassette block ends.
    """

    def watch(call):
        before = seams()
        call()
        with tokentape.use_cassette("unused.json"):
            pass
        after = seams()
        assert {name: after[name] for name in before if after[name] is not before[name]} == {}

    return watch


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "tape.json"
