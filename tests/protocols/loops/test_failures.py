"""Errors of a provider arrive as the SDK's own; a stream that breaks off never ends well."""

from __future__ import annotations

from itertools import product

import pytest
from loop_gateway import SEVEN

from tokentape.testing.provider import Call, Send, Turn
from tokentape.testing.provider.faults import cut, interrupted, reset

pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The model 'claude:DeprecationWarning"),
]

PAIRS = [pytest.param(*pair, id=f"{pair[0]}-to-{pair[1]}") for pair in product(SEVEN, SEVEN)]
MESSAGE = "Not now, J\u00fcrgen."
BUSY = {"anthropic.messages": 529}
"""The status of a provider that is overloaded; others say 503."""

TEXT = Turn("One two three four five six.")
CALLS = Turn("I look.", calls=(Call("get_weather", {"city": "Paris"}), Call("get_weather", {"city": "Rome"})))


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_an_error_reply(agent, provider, source, target):
    busy = BUSY.get(target, 503)
    for stream, status in product((False, True), (429, 400, busy)):
        provider.forget()
        provider.fails(status, message=MESSAGE)
        made = agent(source, target, stream=stream)
        with pytest.raises(made.error) as caught:
            made.ask("?")
        assert isinstance(caught.value, made.errors[status]), (stream, status)
        assert MESSAGE in str(caught.value)
        overloaded = BUSY.get(source, 503)
        assert made.status_of(caught.value) == (overloaded if status == busy else status)
        assert provider.count == 1


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_an_error_in_the_stream(agent, provider, source, target):
    for status, after in ((500, 0), (500, 3), (429, 3)):
        provider.forget()
        provider.calls_tool("get_time", {})
        provider.fails_midway(after=after, status=status, message=MESSAGE)
        made = agent(source, target, stream=True)
        (call,) = made.ask("?").calls
        made.history += made.results([(call, "noon")])
        ends_badly(made, MESSAGE)


BREAKS = {"cut": cut, "reset": reset, "ended": lambda after: interrupted(after=after)}
"""`ended`: the connection ends as HTTP wants it, the dialect's own end is missing."""


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_stream_that_breaks_off(agent, provider, source, target, broken):
    for turn in (TEXT, CALLS):
        for after in (0, 1, -3, -1):
            provider.forget()
            provider.answers(turn, change=breaking(BREAKS[broken], after))
            made = agent(source, target, stream=True)
            made.history.append(made.user("?"))
            if (target, broken, after) == ("openai.chat", "ended", -1):
                made.send()  # only `[DONE]` is missing, which some servers never send
            else:
                ends_badly(made)


def breaking(how, after):
    """Breaks a script off after so many events; below zero, so many before its end."""

    def change(script):
        events = sum(isinstance(step, Send) for step in script)
        return how(after=after if after >= 0 else max(events + after, 0))(script)

    return change


def ends_badly(made, message=""):
    """The SDK's own error; or a reply that has not ended, or says that it failed."""
    said, told = None, ""
    try:
        said = made.send()
    except made.error as error:
        told = str(error)
    else:
        told = said.error
    assert message in told
    assert said is None or said.ended not in made.words
