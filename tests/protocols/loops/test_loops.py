"""A tool-using agent on every SDK, with every provider, plain and streamed."""

from __future__ import annotations

from itertools import groupby, product

import pytest
from loop_agents import SYSTEM, TOOLS
from loop_gateway import MODELS, SEVEN
from loop_natively import counted, steps, tools
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

PARIS = {"city": "Paris", "when": {"day": "5 \u00e9t\u00e9", "hours": [1, 2.5]}}
ROME = {"city": 'Ro"me\n'}
PLAN = "I will look:\n\n"
FIRST = (("get_weather", PARIS), ("get_weather", ROME), ("get_time", {}))
LENGTHS = (2, 9, 11, 13)
RESULTS = ("18 C", "24 C", "noon")


@pytest.mark.parametrize(("source", "target", "stream"), PAIRS)
def test_a_loop(agent, provider, gateway, source, target, stream):
    provider.answers(Turn(PLAN, calls=tuple(Call(*pair) for pair in FIRST)))
    provider.answers("Paris 18 C, Rome 24 C. It is noon.")
    provider.calls_tool("get_weather", {"city": "Bern"})
    provider.answers(Turn("Bern 9 C, and", cut_short=True))
    made = agent(source, target, stream=stream)

    said = made.ask("Weather in Paris and Rome?")
    assert [(call.name, call.arguments) for call in said.calls] == [*FIRST]
    # What Cohere says before it calls is a plan, so a thought.
    assert (said.thought if target == "cohere" else said.text) == PLAN
    ids = [call.id for call in said.calls]
    # Ollama's calls have no ids, and Gemini's need none.
    assert (len(set(ids)) == 3 and all(ids)) or source == "ollama" or (source, target) == ("gemini", "ollama")
    check_end(made, said, 0, gateway, target)

    given = list(zip(said.calls, RESULTS, strict=True))
    said = made.answer(given[::-1] if all(ids) else given)
    assert (said.text, said.calls) == ("Paris 18 C, Rome 24 C. It is noon.", [])
    check_end(made, said, 1, gateway, target)

    said = made.ask("And in Bern?")
    (call,) = said.calls
    assert (call.name, call.arguments) == ("get_weather", {"city": "Bern"})
    assert call.id is None or call.id not in ids
    check_end(made, said, 0, gateway, target)

    said = made.answer([(call, "9 C")])
    assert (said.text, said.calls) == ("Bern 9 C, and", [])
    check_end(made, said, 2, gateway, target)

    check_requests(provider, target, stream)
    assert not any(report.meaning for report in gateway.lost)


@pytest.mark.parametrize("target", SEVEN)
def test_chat_counts_in_streams_only_if_asked(agent, provider, target):
    """Case 36: whether or not the provider counts, and has to be asked for it."""
    provider.answers("Paris.")
    made = agent("openai.chat", target, stream=True)
    asked = {"model": made.model, "messages": [made.user("?")], "stream": True}
    chunks = list(made.client.chat.completions.create(**asked))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Paris."
    assert not any(chunk.usage for chunk in chunks)


def check_end(made, said, word, gateway, target):
    assert said.ended == made.words[word]
    assert said.used == counted(target, gateway.heard[-1])
    assert min(said.used) > 0


def check_requests(provider, target, stream):
    """What the provider saw: four valid requests, each the history so far with the results paired."""
    for seen, length in zip(provider.requests, LENGTHS, strict=True):
        body = seen.json
        check(target, MODELS[target], body)
        assert tools(target, body) == {name: schema for name, (_, schema) in TOOLS.items()}
        assert told(target, body) == expected(target)[: length - (target == "cohere" and length > 2)]


def told(target, body):
    """The steps, with parallel results in the order of their calls; Cohere's plans may stay behind, and so
    may white space that an SDK made a part of its own: a blank block is refused.
    """
    found = [step for step in steps(target, body) if target != "cohere" or step[0] != "thought"]
    found = [(*step[:1], step[1].rstrip()) if step[0] == "said" else step for step in found]
    return [step for _, run in groupby(found, lambda step: step[0] == "got") for step in in_order(run)]


def in_order(run):
    run = list(run)
    return (
        sorted(run, key=lambda step: FIRST.index(step[1:3])) if run[0][0] == "got" and len(run) > 1 else run
    )


def expected(target):
    return [
        ("system", SYSTEM),
        ("user", "Weather in Paris and Rome?"),
        *([("said", PLAN.rstrip())] if target != "cohere" else []),
        *(("called", *pair) for pair in FIRST),
        *(("got", *pair, text) for pair, text in zip(FIRST, RESULTS, strict=True)),
        ("said", "Paris 18 C, Rome 24 C. It is noon."),
        ("user", "And in Bern?"),
        ("called", "get_weather", {"city": "Bern"}),
        ("got", "get_weather", {"city": "Bern"}, "9 C"),
    ]
