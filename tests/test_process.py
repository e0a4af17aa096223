"""`install`: the LLM calls of a whole process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import tokentape
from tokentape.errors import ReplayMiss, TokentapeWarning, UsageError

pytestmark = pytest.mark.usefixtures("outside")


@pytest.fixture(autouse=True)
def _uninstalled():
    yield
    tokentape.uninstall()


def asks(path):
    return [entry["asks"] for entry in json.loads(path.read_text())["interactions"]]


def test_it_records_llm_calls_and_replays_them(outside, ask, provider):
    tokentape.install("tape.json")
    assert tokentape.is_installed()
    live = ask("One.")
    tokentape.uninstall()
    assert not tokentape.is_installed()
    assert asks(outside / "tape.json") == ["One."]
    tokentape.install("tape.json")
    assert ask("One.") == live
    tokentape.uninstall()
    assert provider.count == 1


def test_other_traffic_is_left_alone(outside, provider):
    httpx = pytest.importorskip("httpx")
    tokentape.install("tape.json")
    httpx.get(f"{provider.url}/anything")
    tokentape.uninstall()
    assert asks(outside / "tape.json") == []


def test_R11_again_with_the_same_arguments_changes_nothing(ask, provider):
    tokentape.install("tape.json")
    tokentape.install("tape.json")
    ask("One.")
    tokentape.uninstall()
    tokentape.uninstall()
    assert provider.count == 1


def test_R11_uninstall_restores_the_originals():
    httpx = pytest.importorskip("httpx")
    before = (httpx.Client._transport_for_url, httpx.AsyncClient._transport_for_url)
    tokentape.install("tape.json")
    assert httpx.Client._transport_for_url is not before[0]
    tokentape.uninstall()
    assert (httpx.Client._transport_for_url, httpx.AsyncClient._transport_for_url) == before


def test_R11_what_others_patched_over_us_stays(outside):
    httpx = pytest.importorskip("httpx")
    original = httpx.Client._transport_for_url
    tokentape.install("tape.json")
    ours = httpx.Client._transport_for_url

    def theirs(client, url):
        return ours(client, url)

    httpx.Client._transport_for_url = theirs
    tokentape.uninstall()
    assert httpx.Client._transport_for_url is theirs
    httpx.Client._transport_for_url = original


def test_R11_changed_predicates_take_effect(outside, ask):
    class Only(tokentape.Predicates):
        def __init__(self, word):
            self.word = word

        def is_llm_call(self, request):
            return self.word in request.body

    tokentape.install("tape.json", predicates=Only(b"One."))
    ask("One.")
    ask("Two.")
    tokentape.install("tape.json", predicates=Only(b"Two."))
    ask("Two.")
    ask("One.")
    tokentape.uninstall()
    assert asks(outside / "tape.json") == ["One.", "Two."]


def test_another_cassette_while_installed_is_an_error():
    tokentape.install("tape.json")
    with pytest.raises(UsageError, match=r"installed already, with cassette tape\.json.*uninstall"):
        tokentape.install("other.json")


def test_R26_with_nowhere_to_record_it_warns_once_and_changes_nothing(ask, provider):
    tokentape.install()
    with pytest.warns(TokentapeWarning, match="nowhere to record") as warned:
        assert "One." in ask("One.")
        assert "Two." in ask("Two.")
    assert len(warned) == 1
    assert provider.count == 2


def test_the_place_may_come_from_the_environment(monkeypatch, outside, ask):
    monkeypatch.setenv("TOKENTAPE_CASSETTE", "from-outside.json")
    tokentape.install()
    ask("One.")
    tokentape.uninstall()
    assert asks(outside / "from-outside.json") == ["One."]


def test_a_miss_is_raised_at_uninstall(ask, provider):
    tokentape.install("tape.json")
    ask("One.")
    tokentape.uninstall()
    tokentape.install("tape.json")
    ask("Two.")
    with pytest.raises(ReplayMiss):
        tokentape.uninstall()


def test_use_cassette_inside_an_installed_process_counts(outside, ask):
    tokentape.install("process.json")
    with tokentape.use_cassette("block.json"):
        ask("One.")
    ask("Two.")
    tokentape.uninstall()
    assert asks(outside / "block.json") == ["One."]
    assert asks(outside / "process.json") == ["Two."]


def test_the_end_of_the_process_saves(outside, provider):
    pytest.importorskip("httpx")
    program = f"""
import tokentape
tokentape.install("tape.json")
import httpx
body = {{"model": "m", "messages": [{{"role": "user", "content": "One."}}]}}
print(httpx.post("{provider.url}/v1/chat/completions", json=body).status_code)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "200"
    assert asks(outside / "tape.json") == ["One."]


def test_R10_installs_with_no_http_library(outside):
    program = """
import sys
sys.modules.update({name: None for name in ("httpx", "httpx2", "requests", "urllib3", "aiohttp")})
import tokentape
tokentape.install("tape.json")
tokentape.uninstall()
with tokentape.use_cassette("tape.json"):
    pass
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
