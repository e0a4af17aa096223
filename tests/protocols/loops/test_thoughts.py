"""Thoughts are shown by every SDK, and go back to who made them as they were, or not at all."""

from __future__ import annotations

from itertools import product

import pytest
from loop_gateway import MODELS, SEVEN
from loop_natively import counted, signatures, steps
from loop_validity import check

from tokentape.testing.provider import Call, Turn

pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The model 'claude:DeprecationWarning"),
]

PAIRS = [
    pytest.param(source, target, stream, id=f"{source}-to-{target}-{'stream' if stream else 'plain'}")
    for source, target, stream in product(SEVEN, SEVEN, (False, True))
]
CLAUDE = {"anthropic.messages", "bedrock.converse"}
SIGNING = {"openai.responses", "gemini", *CLAUDE}
FIRST, SECOND = "I should look\nat the clock.", "It is noon, then."


@pytest.mark.parametrize(("source", "target", "stream"), PAIRS)
def test_thoughts(agent, provider, gateway, source, target, stream):
    provider.answers(Turn(calls=(Call("get_time"),), thinking=FIRST))
    provider.answers(Turn("Noon.", thinking=SECOND))
    provider.answers("Bye.")
    made = agent(source, target, stream=stream, thinks=True)

    said = made.ask("What time is it?")
    assert (said.text, said.thought) == ("", FIRST)
    assert [call.name for call in said.calls] == ["get_time"]
    assert said.used == counted(target, gateway.heard[-1])

    said = made.answer([(said.calls[0], "noon")])
    assert (said.text, said.thought) == ("Noon.", SECOND)
    assert said.used == counted(target, gateway.heard[-1])

    said = made.ask("Thanks.")
    assert (said.text, said.thought) == ("Bye.", "")

    made_by_it = set().union(*map(signatures, gateway.heard))
    signs = target in SIGNING and (target != "openai.responses" or source == target)  # where it is asked to
    assert len(made_by_it) == (2 if signs else 0)
    for seen in provider.requests:
        check(target, MODELS[target], seen.json)
        found = steps(target, seen.json)
        thoughts = [step for step in found if step[0] == "thought"]
        assert {step[1] for step in thoughts} <= {FIRST, SECOND}
        signed = {step[-1] for step in found if step[0] in ("thought", "signed")} - {None}
        assert signed <= made_by_it
    if source == target or {source, target} == CLAUDE:
        goes_back(target, steps(target, provider.requests[1].json), made_by_it)


def goes_back(target, found, made_by_it):
    """The thought stands right before the call, signed as it was."""
    nth = next(nth for nth, step in enumerate(found) if step[0] == "called")
    if target == "gemini":
        assert found[nth - 1][0] == "signed"
        nth -= 1
    kind, text, signature = found[nth - 1]
    assert (kind, text) == ("thought", FIRST)
    assert signature in made_by_it or target not in SIGNING or target == "gemini"
