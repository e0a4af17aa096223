"""A conversation that moves on to another provider with every request, thoughts and all."""

from __future__ import annotations

import pytest
from loop_gateway import MODELS, SEVEN
from loop_natively import signatures, steps
from loop_validity import check

from tokentape.testing.provider import Call, Turn

pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The model 'claude:DeprecationWarning"),
]

CLAUDE = ("anthropic.messages", "bedrock.converse")
CALLS = (Call("get_weather", {"city": "Paris"}), Call("get_weather", {"city": "Rome"}))
CALLED = [("called", call.name, dict(call.arguments)) for call in CALLS]
GOT = [("got", *called[1:], text) for called, text in zip(CALLED, ("18 C", "24 C"), strict=True)]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("source", SEVEN)
def test_through_all_providers(agent, provider, gateway, source, stream):
    made = agent(source, SEVEN[0], stream=stream, thinks=True)
    told = {name: set() for name in SEVEN}
    history = []
    for nth, target in enumerate((*SEVEN, *SEVEN[::-1])):
        made.move(gateway.url(target))
        if nth % 2 == 0:
            provider.answers(Turn(calls=CALLS, thinking=f"I ask {target}."))
            calls = made.ask(f"Question {nth}").calls
            history.append(("user", f"Question {nth}"))
        else:
            provider.answers(Turn(f"Answer {nth}", thinking=f"I tell {target}."))
            assert made.answer(list(zip(calls, ("18 C", "24 C"), strict=True))).text == f"Answer {nth}"
            history += GOT
        told[target] |= signatures(gateway.heard[-1])
        self_made = set().union(*(told[name] for name in (CLAUDE if target in CLAUDE else (target,))))
        check_request(source, target, provider.requests[-1].json, history, self_made)
        history += CALLED if nth % 2 == 0 else [("said", f"Answer {nth}")]


def check_request(source, target, body, history, self_made):
    """It is valid, tells the whole history, and holds no signature but those made there."""
    check(target, MODELS[target], body)
    found = steps(target, body)
    aside = ("system", "thought", "signed")
    assert joined(step for step in found if step[0] not in aside) == history
    signed = {step[-1] for step in found if step[0] in ("thought", "signed")} - {None}
    if source == target == "anthropic.messages":
        signed.discard("")  # how another's thought looks there
    assert signed <= self_made


def joined(steps):
    """Without seams: Gemini's streams sign the last piece of a text, or an empty one."""
    found = []
    for step in steps:
        if found and step[0] == found[-1][0] == "said":
            found.append(("said", found.pop()[1] + step[1]))
        elif step != ("said", ""):
            found.append(step)
    return found
