"""What every test needs."""

from __future__ import annotations

import os
import ssl
from importlib.util import find_spec

import pytest

from tokentape.testing.provider import Provider

pytest_plugins = ["pytester"]

# Tests choose their modes themselves; where CI=true makes a difference, a test sets it.
for name in ("CI", "TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "TOKENTAPE_CASSETTE"):
    os.environ.pop(name, None)

NEEDS = {
    "docs": ("openai", "anthropic"),
    "examples": ("openai", "anthropic"),
    "fidelity": ("httpx", "httpx2", "brotli", "zstandard", "openai"),
    "interceptors": ("httpx", "httpx2"),
    "misses": ("httpx", "httpx2", "openai"),
    "test_cli.py": ("openai", "anthropic"),
    "test_durability.py": ("httpx2", "openai"),
    "test_secrets.py": ("httpx2", "openai"),
    "wire/test_body_views.py": ("brotli", "zstandard"),
    "wire/test_codecs.py": ("brotli", "zstandard"),
}
"""What cannot even be collected without these packages: the matrix also runs where they are missing."""

collect_ignore = [path for path, modules in NEEDS.items() if not all(map(find_spec, modules))]


@pytest.fixture(scope="session", autouse=True)
def _no_list_of_authorities(request):
    """Every client loads the usual list, 20 ms each; only live tests talk to anyone whom it vouches for."""
    if "live" in request.config.option.markexpr:
        yield
        return
    system = ssl.get_default_verify_paths()
    load = ssl.SSLContext.load_verify_locations

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        is_usual = str(cafile) in (system.cafile, system.openssl_cafile) or "certifi" in str(cafile)
        if not is_usual:
            load(self, cafile, capath, cadata)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl.SSLContext, "load_verify_locations", load_verify_locations)
        patch.setattr(ssl.SSLContext, "load_default_certs", lambda self, purpose=None: None)
        yield


@pytest.fixture
def outside(monkeypatch, tmp_path):
    """A folder to work in, and no setting from the machine that runs the tests."""
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "TOKENTAPE_CASSETTE", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def unwatched():
    """The environment for a process whose imports are looked at: a coverage run imports modules of its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}


@pytest.fixture
def provider():
    with Provider(gap=0.0005) as running:
        yield running


@pytest.fixture
def ask(provider):
    """Ask the provider something over httpx2 or httpx; the text of the reply."""
    http = pytest.importorskip("httpx2") if find_spec("httpx2") else pytest.importorskip("httpx")

    def question(text="Say hello.", **more):
        body = {"model": "m", "messages": [{"role": "user", "content": text}], **more}
        headers = {"authorization": "Bearer sk-not-a-key"}
        reply = http.post(f"{provider.url}/v1/chat/completions", json=body, headers=headers)
        value = reply.json()
        return (
            value["choices"][0]["message"]["content"]
            if reply.status_code == 200
            else value["error"]["message"]
        )

    return question
