"""Models that differ: quality, verbosity, refusals, failures and pace, the same in every run and any order."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tokentape.testing.provider import Call, How, Mishap, Persona, Provider, References, Turn
from tokentape.testing.provider.personas.draw import Draw
from tokentape.testing.provider.personas.references import leaves, structured
from tokentape.testing.provider.personas.voice import said
from tokentape.testing.provider.personas.wording import APOLOGY, REFUSAL
from tokentape.testing.provider.script import Send, Stall
from tokentape.testing.provider.turn import Question, Tool

PATH = "/v1/chat/completions"
COUNT = 400
TOOLS = (Tool("search", {"type": "object", "properties": {"query": {"type": "string"}}}), Tool("close", {}))
FIELDS = [("bug", 1), ("billing", 2), ("praise", 3)]


def asked(text, model="m", **more):
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def text(got):
    return got.json["choices"][0]["message"]["content"]


@pytest.fixture(scope="module")
def references():
    known = References()
    for number in range(COUNT):
        category, priority = FIELDS[number % 3]
        known.add(f"Extract {number}", {"category": category, "priority": priority, "id": f"T-{number}"})
        known.add(f"Tell {number}", f"The customer {number} is happy. All {number + 2} parts came and work.")
        known.add(f"Look {number}", Call("search", {"query": f"part {number}", "most": 5}))
        known.add(f"Look {number}", f"Found {number}.", given="found it")
    return known


def answers(persona, kind, references, nth=1, model="m", **more):
    questions = [Question(model, f"{kind} {number}", **more) for number in range(COUNT)]
    return [said(persona, question, nth, references) for question in questions]


def share(persona, kind, references, **more):
    """The share that is not as it should be."""
    right = answers(Persona(), kind, references, **more)
    return (
        sum(one != two for one, two in zip(answers(persona, kind, references, **more), right, strict=True))
        / COUNT
    )


# What is drawn


def test_what_is_drawn_depends_on_nothing_but_the_names():
    one = Draw("seed", "m", "q")
    assert one.share("x") == Draw("seed", "m", "q").share("x")
    assert (
        len(
            {
                one.share("x"),
                one.share("y"),
                Draw("seed", "n", "q").share("x"),
                Draw("s", "m", "q").share("x"),
            }
        )
        == 4
    )
    shares = [Draw(str(number)).share("x") for number in range(2000)]
    assert 0 <= min(shares) < 0.01
    assert 0.99 < max(shares) < 1
    assert 0.47 < sum(shares) / 2000 < 0.53
    assert {Draw(str(number)).pick("x", "abc") for number in range(50)} == set("abc")


def test_a_larger_share_holds_the_cases_of_a_smaller_one():
    draws = [Draw(str(number)) for number in range(200)]
    few = {i for i, draw in enumerate(draws) if draw.falls("x", 0.1)}
    assert few < {i for i, draw in enumerate(draws) if draw.falls("x", 0.3)}
    assert not any(draw.falls("x", 0) for draw in draws)
    assert all(draw.falls("x", 1) for draw in draws)


# References


def test_an_answer_is_found_by_what_the_user_said_last_whatever_the_spacing(references):
    found = references.answer(Question("m", "  Extract\n 4 "))
    assert json.loads(found.text) == {"category": "billing", "priority": 2, "id": "T-4"}
    assert references.answer(Question("m", "Extract")) is None
    assert set(references.values("category")) == {"bug", "billing", "praise"}
    assert references.values("none") == ()


def test_after_results_of_tools_another_answer_stands(references):
    assert references.answer(Question("m", "Look 3")).calls == (
        Call("search", {"query": "part 3", "most": 5}),
    )
    assert references.answer(Question("m", "Look 3", results=('{"result": "found it"}',))) == Turn("Found 3.")
    assert references.answer(Question("m", "Look 3", results=("nothing",))) is None


def test_an_answer_may_be_a_turn_or_a_text_with_calls():
    known = References()
    known.add("a", Turn("x", cut_short=True))
    known.add("b", "Let me see.", Call("f"))
    assert known.answer(Question("m", "a")).cut_short
    assert known.answer(Question("m", "b")) == Turn("Let me see.", (Call("f"),))


# What is said


def test_without_shares_the_right_answer_is_given(references):
    assert share(Persona(), "Extract", references) == 0
    assert json.loads(answers(Persona(), "Extract", references)[0].text)["category"] == "bug"


def test_a_question_that_nobody_knows_is_answered_as_ever_and_always_the_same():
    question = Question("m", "Who?")
    assert said(Persona(), question, 7, References()) == Turn("Answer 1 to: Who?")
    [call] = said(Persona(), Question("m", "Who?", tools=TOOLS), 1, References()).calls
    assert call.name == "search"


@pytest.mark.parametrize("kind", ["Extract", "Tell", "Look"])
def test_quality_is_the_share_that_is_right(references, kind):
    assert 0.14 < share(Persona(quality=0.8), kind, references, tools=TOOLS) < 0.26
    assert share(Persona(quality=0), kind, references, tools=TOOLS) == 1


def test_answers_in_json_and_calls_have_shares_of_their_own(references):
    persona = Persona(quality=1, json_slips=0.5, tool_slips=1)
    assert 0.42 < share(persona, "Extract", references) < 0.58
    assert share(persona, "Look", references, tools=TOOLS) == 1
    assert share(persona, "Tell", references) == 0
    assert share(Persona(quality=0, json_slips=0, tool_slips=0), "Look", references, tools=TOOLS) == 0


def test_a_wrong_field_holds_what_the_field_holds_elsewhere(references):
    kinds = {"one field": 0, "missing": 0, "broken": 0}
    for number, turn in enumerate(answers(Persona(quality=0), "Extract", references)):
        right = {"category": FIELDS[number % 3][0], "priority": FIELDS[number % 3][1], "id": f"T-{number}"}
        got = structured(turn.text)
        if got is None:
            kinds["broken"] += 1
        elif len(got) < 3:
            kinds["missing"] += 1
            assert got.items() < right.items()
        else:
            kinds["one field"] += 1
            [name] = [name for name in right if got[name] != right[name]]
            assert got[name] in references.values(name)
    assert kinds["one field"] > kinds["missing"] > 20
    assert kinds["broken"] > 20


def test_slips_of_calls_are_wrong_arguments_wrong_tools_and_no_calls(references):
    made = answers(Persona(quality=0), "Look", references, tools=TOOLS)
    names = [[call.name for call in turn.calls] for turn in made]
    assert {str(each) for each in names} == {"[]", "['search']", "['close']"}
    assert all(turn.text for turn in made if not turn.calls)
    alone = answers(Persona(quality=0), "Look", references, tools=TOOLS[:1])
    assert {call.name for turn in alone for call in turn.calls} == {"search"}


def test_prose_slips_are_told_apart(references):
    said = [turn.text for turn in answers(Persona(quality=0), "Tell", references)]
    assert any(each.startswith(APOLOGY) for each in said)
    assert any("client" in each for each in said)
    assert any(each.endswith("is happy.") for each in said)
    numbers = [[int(word) for word in each.split() if word.isdigit()] for each in said]
    assert any(found[:2] == [number, number + 3] for number, found in enumerate(numbers))


@pytest.mark.parametrize(
    "answer", ["", "Oslo", "7", '{"a": {}}', "[]", '{"deep": [{"x": null}, {"x": true}]}']
)
def test_every_answer_can_be_wrong(answer):
    known = References()
    known.add("q", answer)
    wrong = said(Persona(quality=0), Question("m", "q"), 1, known)
    assert wrong.text != answer


def test_a_wrong_word_is_one_that_answers_another_question():
    known = References()
    for number, word in enumerate(("urgent", "routine", "spam")):
        known.add(f"Sort {number}", word)
    wrong = {
        said(Persona(quality=0, seed=str(seed)), Question("m", "Sort 0"), 1, known).text for seed in range(30)
    }
    assert wrong == {"routine", "spam"}


def test_refusals_and_verbosity(references):
    turns = answers(Persona(refusals=0.2), "Tell", references)
    assert 0.14 < sum(turn.text == REFUSAL for turn in turns) / COUNT < 0.26
    plain = sum(turn.tokens for turn in answers(Persona(), "Tell", references))
    long = sum(turn.tokens for turn in answers(Persona(verbosity=3), "Tell", references))
    short = sum(turn.tokens for turn in answers(Persona(verbosity=0.5), "Tell", references))
    assert 2.5 < long / plain < 3.5
    assert 0.3 < short / plain < 0.7


def test_verbosity_lays_json_out_and_says_a_word_before_a_call(references):
    laid = answers(Persona(verbosity=2), "Extract", references)[0].text
    assert "\n" in laid
    assert json.loads(laid)["id"] == "T-0"
    assert ": " not in answers(Persona(verbosity=0.5), "Extract", references)[0].text
    assert answers(Persona(verbosity=2), "Look", references)[0].text
    assert answers(Persona(verbosity=0.5), "Look", references)[0].text == ""


def test_a_client_that_insists_on_a_tool_gets_its_call(references):
    question = Question("m", "Extract 0", tools=(Tool("answer"),), must_call="answer")
    [call] = said(Persona(), question, 1, references).calls
    assert (call.name, call.arguments["id"]) == ("answer", "T-0")


def test_models_and_seeds_slip_elsewhere_and_an_unsteady_model_each_time(references):
    one, other = (answers(Persona(quality=0.7), "Extract", references, model=model) for model in "mn")
    assert one != other
    assert one != answers(Persona(quality=0.7, seed="x"), "Extract", references)
    assert one == answers(Persona(quality=0.7), "Extract", references, nth=2)
    again = answers(Persona(quality=0.7, unsteadiness=0.5), "Extract", references, nth=2)
    moved = sum(a != b for a, b in zip(one, again, strict=True)) / COUNT
    assert 0.1 < moved < 0.35


def test_thinking_is_shown_where_it_is_asked_for(references):
    assert said(Persona(), Question("m", "Tell 0", thinking=True), 1, references).thinking


def test_a_persona_may_answer_itself(references):
    judge = Persona(quality=0, says=lambda question: Turn("8") if "Rate" in question.text else None)
    assert said(judge, Question("m", "Rate it"), 1, references) == Turn("8")
    assert said(judge, Question("m", "Tell 0"), 1, references) != Turn("8")


def test_leaves_of_what_is_nested():
    assert [*leaves({"a": [1, {"b": None}], "c": {}})] == [(("a", 0), 1), (("a", 1, "b"), None)]


# At work


def test_the_first_persona_whose_models_fit_plays_and_plans_go_first(provider, ask, references):
    provider.acts_as(Persona("small-*", refusals=1), Persona("m*"), knowing=references)
    assert text(ask("POST", PATH, body=asked("Tell 1", "small-1"))) == REFUSAL
    assert text(ask("POST", PATH, body=asked("Tell 1"))).startswith("The customer 1")
    assert text(ask("POST", PATH, body=asked("Tell 1", "other"))) == "Answer 1 to: Tell 1"
    provider.answers("Planned.")
    assert text(ask("POST", PATH, body=asked("Tell 1"))) == "Planned."
    assert ask("GET", "/v1/models").status == 200
    assert ask("POST", PATH, body=b"{").status == 400
    provider.forget()
    assert text(ask("POST", PATH, body=asked("Tell 1"))) == "Answer 1 to: Tell 1"


def test_who_is_hit_does_not_depend_on_the_order(references):
    personas = (Persona(quality=0.6, refusals=0.1, mishaps=(Mishap(0.2), Mishap.limit(0.2)), verbosity=1.5),)

    def run(numbers):
        with Provider() as provider:
            provider.acts_as(*personas, knowing=references)
            said = {}
            for number in numbers:
                said[number] = [_posted(provider, f"Tell {number}") for _ in range(2)]
            return said

    assert run(range(30)) == run(reversed(range(30)))


def _posted(provider, question):
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", provider.port)
    connection.request("POST", PATH, json.dumps(asked(question)))
    reply = connection.getresponse()
    body = json.loads(reply.read())
    connection.close()
    return reply.status, body.get("choices", [{}])[0].get("message", {}).get("content")


def test_mishaps_pass_or_stay(provider, ask, references):
    provider.acts_as(
        Persona("a", mishaps=(Mishap(1, status=500, times=2),)),
        Persona("b", mishaps=(Mishap(1, times=None),)),
        Persona("c", mishaps=(Mishap(0), Mishap.limit(1, wait=0.25))),
        knowing=references,
    )

    def statuses(model):
        return [ask("POST", PATH, body=asked("Tell 1", model)).status for _ in range(4)]

    assert statuses("a") == [500, 500, 200, 200]
    assert statuses("b") == [503] * 4
    assert statuses("c") == [429, 200, 200, 200]
    limited = ask("POST", PATH, body=asked("Tell 2", "c"))
    assert {b"retry-after: 1", b"retry-after-ms: 250"} <= set(limited.lines)


@pytest.mark.parametrize("stream", [True, False])
def test_a_reply_breaks_off(provider, ask, references, stream):
    provider.acts_as(Persona(mishaps=(Mishap.cut(1),)), knowing=references)
    got = ask("POST", PATH, body=asked("Tell 1", stream=stream))
    assert got.ended == "eof"
    assert not got.rest.endswith((b"0\r\n\r\n", b"}"))
    assert b"The" in got.rest
    assert ask("POST", PATH, body=asked("Tell 1", stream=stream)).rest.endswith((b"0\r\n\r\n", b"}"))


def test_a_stream_tells_an_error_midway_and_a_whole_reply_is_one(provider, ask, references):
    provider.acts_as(
        Persona(mishaps=(Mishap(1, How.MIDWAY, 500, None, message="Broken."),)), knowing=references
    )
    got = ask("POST", PATH, body=asked("Tell 1", stream=True))
    assert (got.status, b"Broken." in got.rest, b"[DONE]" in got.rest) == (200, True, False)
    assert ask("POST", PATH, body=asked("Tell 1")).status == 500


def test_an_unsteady_model_counts_answers_and_not_failures(provider, ask, references):
    steady = Persona("m", quality=0.5, unsteadiness=1, mishaps=())
    provider.acts_as(steady, knowing=references)
    well = [text(ask("POST", PATH, body=asked("Tell 1"))) for _ in range(4)]
    provider.acts_as(
        Persona("m", quality=0.5, unsteadiness=1, mishaps=(Mishap(1, times=2),)), knowing=references
    )
    failed = [ask("POST", PATH, body=asked("Tell 1")).status for _ in range(2)]
    assert failed == [503, 503]
    assert [text(ask("POST", PATH, body=asked("Tell 1"))) for _ in range(4)] == well
    assert len(set(well)) > 1


def test_the_pace_is_the_persona_s_and_the_question_s(references):
    from tokentape.testing.provider.exchange import Exchange
    from tokentape.testing.provider.personas.cast import Cast
    from tokentape.testing.provider.routes import find
    from tokentape.testing.provider.seen import Seen
    from tokentape.testing.provider.turn import Serial

    def script(question, **more):
        body = json.dumps(asked(question, **more)).encode()
        seen = Seen("POST", PATH, (), body, 0.0, 1)
        return Cast((Persona(latency=(2.0, 0.1)),), references).script(
            Exchange(seen, find(seen), Serial(b"x", 1))
        )

    whole = script("Tell 1")
    [stall] = [step for step in whole if isinstance(step, Stall)]
    tokens = json.loads(whole.body)["usage"]["completion_tokens"]
    assert 0.7 * (2 + 0.1 * tokens) <= stall.until <= 1.3 * (2 + 0.1 * tokens)
    streamed = script("Tell 1", stream=True)
    [begun] = [step for step in streamed if isinstance(step, Stall)]
    assert 1.4 <= begun.until <= 2.6
    gaps = [step.gap for step in streamed if isinstance(step, Send)]
    assert begun.until + sum(gaps) == pytest.approx(stall.until)
    assert script("Tell 2")[0] != stall


# In every dialect

TEXT = "The customer 1 is happy. All 3 parts came and work."
DIALECTS = {
    "openai.chat": "gpt-4o-mini",
    "openai.responses": "gpt-4o",
    "anthropic.messages": "claude-haiku-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock.converse": "amazon.nova-lite-v1:0",
    "cohere": "command-r-08-2024",
    "ollama": "llama3.2",
    "mistral": "mistral-small-latest",
}


@pytest.fixture(scope="module")
def everywhere(references):
    with Provider() as running:
        running.acts_as(Persona(), knowing=references)
        yield running


def answered(provider, dialect, conversation, stream):
    """The reply to a conversation, read by the dialect's own codec."""
    from http.client import HTTPConnection
    from urllib.parse import urlsplit

    from tokentape.evaluation.asking.judging import judged
    from tokentape.evaluation.asking.preparing import prepare
    from tokentape.evaluation.asking.question import Changes
    from tokentape.upstreams.auth.nothing import NoAuth
    from tokentape.upstreams.upstream import Candidate, Upstream
    from tokentape.wire.message import Response

    spoken = "openai.chat" if dialect == "mistral" else dialect
    base = provider.url + ("/v1" if spoken.startswith("openai") else "")
    candidate = Candidate(Upstream("up", spoken, base, NoAuth()), DIALECTS[dialect])
    prepared = prepare(conversation, candidate, Changes(stream=stream))
    connection = HTTPConnection("127.0.0.1", provider.port)
    path = urlsplit(prepared.request.url)
    target = path.path + (f"?{path.query}" if path.query else "")
    connection.request("POST", target, prepared.request.body, dict(prepared.request.headers))
    got = connection.getresponse()
    body = got.read()
    reply = judged(Response(got.status, got.reason, tuple(got.getheaders()), body), prepared.source)
    connection.close()
    return reply


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gets_the_right_answer(everywhere, dialect, stream):
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.conversation import Tool as Offered
    from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
    from tokentape.protocols.canonical.parts import Text

    def user(said):
        return Message(Role.USER, (Text(said),))

    def shown(*items, **more):
        reply = answered(everywhere, dialect, Conversation(items, **more), stream)
        return SimpleNamespace(
            text="".join(part.text for item in reply.items for part in getattr(item, "parts", ())),
            calls=[
                (item.name, json.loads(item.arguments)) for item in reply.items if isinstance(item, ToolCall)
            ],
            usage=reply.usage,
        )

    schema = {"type": "object", "properties": {"query": {"type": "string"}}}
    tools = (Offered("search", "Search.", schema),)
    told = shown(user("Tell 1"))
    assert told.text == TEXT
    assert told.usage.output == Turn(TEXT).tokens
    assert json.loads(shown(user("Extract 1")).text)["id"] == "T-1"
    assert shown(user("Look 1"), tools=tools).calls == [("search", {"query": "part 1", "most": 5})]
    call = ToolCall("call_8Fj2abcde", "search", '{"query":"part 1"}')
    result = ToolResult("call_8Fj2abcde", (Text("found it"),), name="search")
    assert shown(user("Look 1"), call, result, tools=tools).text == "Found 1."
