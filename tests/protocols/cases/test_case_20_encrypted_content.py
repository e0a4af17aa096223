"""Case 20: encrypted reasoning is bound to the credential that made it (litellm#22651, #40364)."""

from __future__ import annotations

import pytest

import tokentape
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import translate_request

NAME = "openai.responses"
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "c2ln"}
USER = {"role": "user", "content": "Sure?"}
BODY = {"model": "gpt-5-mini", "input": [THOUGHT, USER]}


def sent(to=NAME, *, made_with="key-a", used="key-a", model=None):
    return translate_request(BODY, Source(NAME, credential=made_with), Target(to, model, credential=used))


@pytest.mark.parametrize(("made_with", "used"), [("key-a", "key-a"), (None, "key-a"), ("key-a", None)])
def test_it_goes_back_with_its_credential(made_with, used):
    found = sent(made_with=made_with, used=used)
    assert found.result.body == BODY
    assert not found.losses


def test_it_stays_behind_with_another_credential_and_that_is_said():
    found = sent(used="key-b")
    assert found.result.body["input"] == [USER]
    assert [loss.what for loss in found.losses.tuning] == ["encrypted"]


def test_it_stays_behind_with_a_model_of_another_family():
    found = sent(model="claude-sonnet-4-5")
    assert "c2ln" not in str(found.result.body)


@pytest.mark.parametrize("to", ["openai.chat", "anthropic.messages", "gemini"])
def test_it_never_goes_to_another_dialect(to):
    assert "c2ln" not in str(sent(to, model="some-model").result.body)


@pytest.mark.parametrize(("used", "kept"), [("key-a", True), ("key-b", False), (None, True)])
def test_callers_of_translate_tell_both_credentials(used, kept):
    found = tokentape.translate(BODY, to=NAME, made_with="key-a", credential=used)
    assert ("c2ln" in str(found.result.body)) is kept
