"""The explanation of a miss in every dialect: what was asked, what is nearest, the one field that differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tokentape
from protocols.test_transcript import PATHS

STONES = Path(__file__).parent.parent / "rosetta"


@pytest.mark.parametrize("dialect", sorted(PATHS))
def test_a_miss_names_the_words_that_differ(dialect, provider, tmp_path):
    http = pytest.importorskip("httpx2")
    text = (STONES / dialect / "text.json").read_text(encoding="utf-8")
    body, other = json.loads(text)["request"], json.loads(text.replace("France", "Spain"))["request"]
    body, other = ({**asked, **({"stream": False} if dialect == "ollama" else {})} for asked in (body, other))
    url, tape = f"{provider.url}/{PATHS[dialect]}", tmp_path / "tape.json"
    with tokentape.use_cassette(tape, mode="once"):
        assert http.post(url, json=body).status_code == 200
    with pytest.raises(tokentape.ReplayMiss) as caught, tokentape.use_cassette(tape, mode="none"):
        reply = http.post(url, json=other)
        assert reply.status_code == 400
        assert reply.headers["x-should-retry"] == "false"
    said = str(caught.value)
    assert dialect in said
    assert 'asks "What is the capital of Spain?"' in said
    assert 'asks "What is the capital of France?"' in said
    assert 'recorded "What is the capital of France?", now "What is the capital of Spain?"' in said
