"""Whom a recording is asked of again."""

from __future__ import annotations

import pytest
from ev_corpora import call

from tokentape.evaluation.corpus.row import Row
from tokentape.evaluation.drifting.own import Owners
from tokentape.upstreams.auth.nothing import NoAuth
from tokentape.upstreams.upstream import Upstream

ASKED = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Why?"}]}
OURS = (
    Upstream("outer", "openai.chat", "https://models.example.com", NoAuth()),
    Upstream("inner", "openai.chat", "https://models.example.com/team/v1", NoAuth()),
    Upstream("mine", "openai.chat", "https://api.openai.com/v1", NoAuth()),
    Upstream("local", "openai.chat", "http://127.0.0.1:8000/v1", NoAuth()),
)


def row(url):
    return Row(call(url, ASKED, {}), "tape")


@pytest.mark.parametrize(
    ("url", "declared", "own"),
    [
        ("https://api.openai.com/v1/chat/completions", (), "openai/gpt-4o"),
        ("https://API.openai.com/v1/chat/completions", (), "openai/gpt-4o"),
        ("https://api.openai.com/v1/chat/completions", OURS, "mine/gpt-4o"),
        ("https://models.example.com/team/v1/chat/completions", OURS, "inner/gpt-4o"),
        ("https://models.example.com/team/v10/chat/completions", OURS, "outer/gpt-4o"),
        ("http://127.0.0.1:8000/v1/chat/completions", OURS, "local/gpt-4o"),
        ("http://127.0.0.1:8001/v1/chat/completions", OURS, ""),
        ("https://models.example.com/v1/chat/completions", (), ""),
    ],
)
def test_the_address_says_it(url, declared, own):
    assert Owners(declared).of(row(url)) == own


def test_another_upstream_may_be_asked_for_all():
    found = row("http://127.0.0.1:8001/v1/chat/completions")
    assert Owners(OURS, via="openai").of(found) == "openai/gpt-4o"


def test_a_call_without_a_model_is_nobodys():
    url = "https://api.openai.com/v1/chat/completions"
    found = Row(call(url, {key: value for key, value in ASKED.items() if key != "model"}, {}), "tape")
    assert Owners().of(found) == ""
