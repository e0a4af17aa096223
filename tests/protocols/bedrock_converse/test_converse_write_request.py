"""Conversations of other dialects as Converse takes them, and what is said to be lost."""

from __future__ import annotations

import pytest
from converse_bodies import CLAUDE, POINT, asks, assistant, read, result, text, user, writes, written

from tokentape.protocols.canonical.conversation import Tool
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import (
    Audio,
    CacheMark,
    Citation,
    Data,
    Document,
    FileId,
    Image,
    Inline,
    Plain,
    Refusal,
    Text,
    Url,
)

NOVA = "amazon.nova-pro-v1:0"
LLAMA = "meta.llama3-1-70b-instruct-v1:0"


def says(role, *parts):
    return Message(Role(role), tuple(Text(part) if isinstance(part, str) else part for part in parts))


def call(given, arguments='{"city":"Paris"}', **more):
    return ToolCall(given, "get_weather", arguments, **more)


def answer(given, *parts, **more):
    return ToolResult(given, tuple(Text(part) if isinstance(part, str) else part for part in parts), **more)


def whats(report):
    return [loss.what for loss in report]


def block(given, city="Paris"):
    return {"toolUse": {"toolUseId": given, "name": "get_weather", "input": {"city": city}}}


# ---- order and roles


def test_roles_alternate():
    body, report = writes(
        says("user", "a"), says("user", "b"), says("assistant", "c"), says("assistant", "d")
    )
    assert body == asks(user(text("a"), text("b")), assistant(text("c"), text("d")))
    assert not report


def test_case_8_results_come_first_right_behind_their_calls():
    body, report = writes(
        says("user", "a"), call("c1"), call("c2", '{"city":"Rome"}'), says("user", "wait"), answer("c2", "24 C"),
        answer("c1", "18 C"),
    )  # fmt: skip
    assert body["messages"][1:] == [
        assistant(block("c1"), block("c2", "Rome")),
        user(result("c1", text("18 C")), result("c2", text("24 C")), text("wait")),
    ]
    assert not report


def test_case_8_a_result_without_a_call_is_refused():
    body, report = writes(says("user", "a"), answer("nobody", "18 C"))
    assert body == asks(user(text("a")))
    assert whats(report.meaning) == ["tool result"]


def test_case_1_ids_that_do_not_fit_are_cleaned_on_both_sides():
    body, _ = writes(
        says("user", "a"), call("functions.get:0"), answer("functions.get:0", "x"), call("ok-1_A")
    )
    uses = [entry for message in body["messages"] for entry in message["content"]]
    cleaned = uses[1]["toolUse"]["toolUseId"]
    assert cleaned.startswith("functions_get_0_")
    assert uses[2]["toolResult"]["toolUseId"] == cleaned
    assert uses[3]["toolUse"]["toolUseId"] == "ok-1_A"
    again, _ = writes(says("user", "a"), call("functions.get:0"))
    assert again["messages"][1]["content"][0]["toolUse"]["toolUseId"] == cleaned


def test_calls_without_ids_get_some():
    body, _ = writes(says("user", "a"), call(""), ToolResult("", (Text("x"),), "get_weather"))
    made = body["messages"][1]["content"][0]["toolUse"]["toolUseId"]
    assert made
    assert body["messages"][2]["content"][0]["toolResult"]["toolUseId"] == made


def test_case_25_empty_texts_are_left_out():
    body, report = writes(says("user", "a", ""), says("assistant", ""), call("c1"), answer("c1", ""))
    assert body == asks(user(text("a")), assistant(block("c1")), user(result("c1")))
    assert not report


def test_case_25_blank_texts_are_left_out():
    body, report = writes(says("user", "a"), says("assistant", "I look:\n", "\n"), says("user", "b"))
    assert body == asks(user(text("a")), assistant(text("I look:\n")), user(text("b")))
    assert [loss.what for loss in report] == ["text"]


def test_an_empty_turn_leaves_no_two_of_one_role():
    body, _ = writes(says("user", "a"), says("assistant", ""), says("user", "b"))
    assert body == asks(user(text("a"), text("b")))


def test_the_user_begins():
    for items in ((says("assistant", "a"),), (says("system", "a"),), ()):
        body, report = writes(*items)
        assert body["messages"][0] == user(text("(no message)"))
        assert whats(report.meaning) == ["beginning"]


def test_system_text_is_at_the_head():
    body, report = writes(
        says("system", "a"), says("developer", "b", ""), says("user", "c"), says("system", "d")
    )
    assert body == asks(user(text("c")), system=[text("a"), text("b"), text("d")])
    assert whats(report.tuning) == ["place of system text"]
    assert not report.meaning


def test_a_picture_in_system_text_is_lost():
    body, report = writes(says("system", Image(Inline("image/png", "AAAA"))), says("user", "a"))
    assert "system" not in body
    assert len(report.meaning) == 1


def test_system_text_of_its_own_stays_in_place():
    body = asks(user(text("a")), {"role": "system", "content": [text("b")]}, user(text("c")))
    outgoing, report = written(read(body))
    assert outgoing.body == body
    assert not report


def test_model_and_operation_are_in_the_path():
    assert written(read(asks(), stream=True))[0].path == f"model/{CLAUDE.replace(':', '%3A')}/converse-stream"
    outgoing, _ = written(read(asks()), model="arn:aws:bedrock:us-east-1:1:inference-profile/a.b")
    assert outgoing.path == "model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fa.b/converse"


# ---- parts


@pytest.mark.parametrize(
    ("part", "written_as"),
    [
        (Image(Inline("image/jpg", "AAAA")), {"image": {"format": "jpeg", "source": {"bytes": "AAAA"}}}),
        (Image(Url("s3://b/a.png")), {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/a.png"}}}}),
        (Document(Plain("Hi.")), {"document": {"format": "txt", "name": "document", "source": {"text": "Hi."}}}),
        (
            Document(Inline("application/pdf", "AAAA"), "my.report v2.pdf", cited=True),
            {
                "document": {
                    "format": "pdf",
                    "name": "my-report v2",
                    "source": {"bytes": "AAAA"},
                    "citations": {"enabled": True},
                }
            },
        ),
        (
            Document(Inline("text/x-python", "AAAA"), "a.py"),
            {"document": {"format": "txt", "name": "a-py", "source": {"bytes": "AAAA"}}},
        ),
        (Audio(Inline("audio/x-wav", "AAAA")), {"audio": {"format": "wav", "source": {"bytes": "AAAA"}}}),
        (Refusal("No."), {"text": "No."}),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, dict) else "",
)  # fmt: skip
def test_parts(part, written_as):
    body, report = writes(says("user", part))
    assert body["messages"][0]["content"] == [written_as]
    assert not report.meaning


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (Image(Url("https://example.com/cat.png")), "fetch it and send the bytes"),
        (Image(FileId("file-1", "openai.chat")), "send the bytes"),
        (Image(Inline("image/bmp", "AAAA")), "png, jpeg, gif, webp"),
        (Document(Inline("application/zip", "AAAA")), "pdf, csv"),
        (Audio(id="audio_1"), "no data"),
    ],
    ids=["url", "file", "bmp", "zip", "heard"],
)
def test_media_that_cannot_go_are_refused(part, why):
    body, report = writes(says("user", "a", part))
    assert body == asks(user(text("a")))
    assert why in report.meaning[0].why


def test_documents_have_names_of_their_own():
    pdf = Inline("application/pdf", "AAAA")
    body, _ = writes(says("user", Document(pdf), Document(pdf), Document(pdf, "a.pdf"), Document(pdf, "a")))
    names = [entry["document"]["name"] for entry in body["messages"][0]["content"]]
    assert names == ["document", "document 2", "a", "a 2"]


def test_results_of_tools():
    body, report = writes(
        says("user", "a"), call("c1"),
        answer("c1", Data({"t": 1}), Data([1]), Image(Inline("image/png", "AAAA")), is_error=False),
    )  # fmt: skip
    assert body["messages"][2]["content"][0]["toolResult"] == {
        "toolUseId": "c1",
        "status": "success",
        "content": [
            {"json": {"t": 1}},
            {"text": "[1]"},
            {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
        ],
    }
    assert not report
    _, report = writes(says("user", "a"), call("c1"), answer("c1", Audio(Inline("audio/wav", "AAAA"))))
    assert whats(report.meaning) == ["audio"]


@pytest.mark.parametrize("arguments", ["{", "[1]", "NaN!"])
def test_arguments_that_are_no_object_are_refused(arguments):
    body, report = writes(says("user", "a"), call("c1", arguments))
    assert body["messages"][1]["content"][0]["toolUse"]["input"] == {}
    assert whats(report.meaning) == ["arguments"]


def test_text_for_a_tool_is_put_into_an_object():
    body, report = writes(says("user", "a"), call("c1", "print()", kind="custom"))
    assert body["messages"][1]["content"][0]["toolUse"]["input"] == {"input": "print()"}
    assert not report.meaning


def test_foreign_thoughts_stay_behind():
    foreign = Opaque("encrypted", "x", Maker("openai", "gpt"))
    signed = Opaque("signature", "c2ln", Maker("anthropic", "claude"))
    body, report = writes(
        says("user", "a"), Reasoning("Hm.", opaque=(foreign,)), Reasoning(summary=("s",)),
        Reasoning("Two.", opaque=(signed,)), says("assistant", "b"),
    )  # fmt: skip
    thought = {"reasoningContent": {"reasoningText": {"text": "Two.", "signature": "c2ln"}}}
    assert body["messages"][1] == assistant(thought, text("b"))
    assert whats(report) == ["encrypted", "thought", "summary of a thought"]
    assert not report.meaning


def test_names_details_citations_and_opaque_state_of_others_are_tuning():
    cited = Citation("openai.responses", "url_citation", {}, url="https://a.b")
    blob = Opaque("thought_signature", "x", Maker("google", "gemini"))
    body, report = writes(
        Message(Role.USER, (Image(Inline("image/png", "AAAA"), detail="low"),), name="ada"),
        says("assistant", Text("b", (cited,), (blob,))),
        call("c1", opaque=(blob,)),
    )
    assert body["messages"][1]["content"][0] == text("b")
    assert whats(report) == ["name", "image detail", "thought signature", "citations"]
    assert not report.meaning


# ---- caching


def test_cache_marks_become_cache_points():
    body, report = writes(
        says("user", Text("a", cache=CacheMark("1h")), Text("", cache=CacheMark())),
        call("c1", cache=CacheMark("30m")),
        tools=(Tool("get_weather", schema={}, cache=CacheMark("5m")),),
    )
    assert body["messages"][0]["content"] == [text("a"), {"cachePoint": {"type": "default", "ttl": "1h"}}]
    assert body["messages"][1]["content"] == [block("c1"), POINT]
    assert body["toolConfig"]["tools"][1] == {"cachePoint": {"type": "default", "ttl": "5m"}}
    assert whats(report) == ["cache for 30m"]


def test_a_model_that_does_not_cache_is_not_told_to():
    body, report = writes(says("user", Text("a", cache=CacheMark())), model=LLAMA)
    assert body == asks(user(text("a")))
    assert whats(report.tuning) == ["cache mark"]
