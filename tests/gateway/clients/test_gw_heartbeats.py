"""Signs of life while an upstream thinks: every SDK reads through them, and they are on no tape."""

from __future__ import annotations

import threading

import pytest
from gw_agents import Listened, seven
from gw_hearing import heard_gateway
from gw_tireless import tireless
from loop_all import AGENTS
from loop_gateway import MODELS, SEVEN

import tokentape
from installed import is_installed
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.gateway import pumping
from tokentape.gateway.outlet import SignOfLife
from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider import Provider, Turn
from tokentape.testing.provider.faults import stall

pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The model 'claude:DeprecationWarning"),
]
SILENT = ("gemini", "ollama", "bedrock.converse")
"""Dialects without a word for it."""


@pytest.fixture(scope="module")
def beating(tmp_path_factory):
    root = tmp_path_factory.mktemp("tapes")
    record = RecordOptions(str(root), None, "all")
    with Provider(gap=0) as provider:
        made = seven(provider.url, heartbeat=0.02)
        with heard_gateway(made, record=record, prepare=tireless) as (gateway, heard):
            yield provider, Listened(gateway, heard), root


@pytest.mark.parametrize("target", ["openai.chat", "anthropic.messages", "gemini", "bedrock.converse"])
@pytest.mark.parametrize("source", SEVEN)
def test_an_sdk_reads_through_them(beating, monkeypatch, source, target):
    provider, gateway, root = beating
    if not is_installed(AGENTS[source].module):
        pytest.skip(f"{AGENTS[source].module} is not installed")
    beats, three = [], threading.Event()

    def beat(ping):
        beats.append(ping)
        if len(beats) == 3:
            three.set()
        return SignOfLife(ping)

    monkeypatch.setattr(pumping, "SignOfLife", beat)
    provider.forget()
    provider.answers(Turn("One two three four.", thinking="Hm."), change=stall(three, after=5))
    if source in SILENT:
        threading.Timer(0.2, three.set).start()
    name = f"{source}-{target}"
    made = AGENTS[source](gateway.url(target, "tape", name), MODELS[source], stream=True, thinks=True)
    said = made.ask("Count.")
    made.close()
    assert (said.text, said.ended in made.words) == ("One two three four.", True)
    assert bool(beats) == (source not in SILENT)
    gateway.gateway.call(gateway.gateway.services.tapes.close(name))
    body = DirectoryStore(root).load(name).interaction(0).response.body
    told = 1 if target == "anthropic.messages" else 0  # that upstream's own
    assert all(body.count(ping) <= told for ping in beats)
    with tokentape.use_cassette(DirectoryStore(root), name=name, mode="none"):
        again = AGENTS[source]("http://127.0.0.1:9", MODELS[source], stream=True, thinks=True)
        assert again.ask("Count.") == said
        again.close()
