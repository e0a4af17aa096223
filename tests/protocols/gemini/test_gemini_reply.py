"""Replies and errors of generateContent in canonical form and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gemini_bodies import CALL, MODEL, answer, candidate, replied, reply_again
from hypothesis import given, settings
from test_fold_gemini import replies

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.parts import Citation, Image, Inline, Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.gemini.codec import CODEC
from tokentape.protocols.usage import Usage

ODD = {
    "candidates": [
        candidate({"text": "Hm.", "thought": True}, {"text": "A"}, CALL, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thoughtSignature": "YQ=="},
                  finishMessage="m", safetyRatings=[{"category": "x"}], avgLogprobs=-0.5, index=1),
        {"content": {"role": "model"}, "finishReason": 2},
        {"content": {}, "finishMessage": "only"},
        {"content": {"parts": [], "role": "model"}, "index": 5, "finishReason": "NEVER_SEEN"},
        {"finishReason": "SAFETY"},
        {"content": {"parts": [{"text": "x"}]}, "finish_reason": "STOP", "brandNew": 1},
    ],
    "promptFeedback": {"safetyRatings": []},
    "usageMetadata": {"promptTokenCount": 2, "candidatesTokenCount": 1, "totalTokenCount": 3, "x": [1]},
    "modelVersion": MODEL,
    "responseId": "r",
    "createTime": "2025-10-10T15:57:12.055169Z",
    "modelStatus": {"modelStage": "STABLE"},
}  # fmt: skip


def test_everything_comes_back_as_it_was():
    assert reply_again(ODD) == ODD


@settings(max_examples=80, deadline=None)
@given(replies)
def test_any_reply_comes_back_or_is_refused(body):
    try:
        found = replied(body)
    except ProtocolError:
        return
    target = Target("gemini")
    assert CODEC.write_reply(found, target) == body
    assert str(target.losses.report) == "nothing is lost"


def test_what_a_reply_says():
    found = replied(ODD)
    first = found.choices[0]
    assert [type(item) for item in first.items] == [Reasoning, Message, ToolCall, Message]
    assert first.items[3].parts[0] == Image(
        Inline("image/png", "AAAA"), opaque=first.items[3].parts[0].opaque
    )
    assert first.stop == Stop(StopReason.TOOL_CALLS, "STOP", detail="m")
    assert [choice.index for choice in found.choices] == [1, 1, 2, 5, 4, 5]
    assert [choice.stop and choice.stop.raw for choice in found.choices[1:]] == [
        "MAX_TOKENS", None, "NEVER_SEEN", "SAFETY", "STOP",
    ]  # fmt: skip
    assert (found.id, found.model, found.created) == ("r", MODEL, 1760111832.055169)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("STOP", "end"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"), ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"), ("MALFORMED_FUNCTION_CALL", "error"), ("LANGUAGE", "other"), ("OTHER", "other"),
    ],
)  # fmt: skip
def test_finish_reasons(word, reason):
    body = answer()
    body["candidates"] = [candidate({"text": "x"}, finishReason=word)]
    assert replied(body).stop == Stop(StopReason(reason), word)
    assert reply_again(body) == body


@pytest.mark.parametrize(
    ("reason", "word", "meaning"),
    [("end", "STOP", 0), ("stop_sequence", "STOP", 0), ("tool_calls", "STOP", 0), ("length", "MAX_TOKENS", 0),
     ("context_window", "MAX_TOKENS", 0), ("refusal", "SAFETY", 0), ("pause", "OTHER", 1), ("cancelled", "OTHER", 0)],
)  # fmt: skip
def test_other_dialects_stops(reason, word, meaning):
    target = Target("gemini")
    found = Reply((Choice((), Stop(StopReason(reason), "theirs")),))
    [written] = CODEC.write_reply(found, target)["candidates"]
    assert written["finishReason"] == word
    assert len(target.losses.report.meaning) == meaning


def test_a_prompt_that_was_blocked():
    body = {
        "promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "no"},
        "usageMetadata": {"promptTokenCount": 2},
    }
    found = replied(body)
    assert found.choices == (Choice((), Stop(StopReason.CONTENT_FILTER, "SAFETY", detail="no")),)
    assert reply_again(body) == body
    assert reply_again({**body, "candidates": []}) == {**body, "candidates": []}
    edited = replace(found, choices=(Choice((Message(Role.ASSISTANT, (Text("x"),)),), Stop(StopReason.END)),))
    assert CODEC.write_reply(edited, Target("gemini"))["candidates"][0]["finishReason"] == "STOP"


def test_edits_come_out():
    found = replied(
        answer({"text": "A"}, CALL, usageMetadata={"promptTokenCount": 2, "candidatesTokenCount": 1})
    )
    [choice] = found.choices
    items = (replace(choice.items[0], parts=(Text("B"),)), choice.items[1])
    edited = replace(found, choices=(replace(choice, items=items, stop=Stop(StopReason.LENGTH)),), model="m",
                     usage=Usage(input=5, output=20, reasoning=5, cache_read=1))  # fmt: skip
    written = CODEC.write_reply(edited, Target("gemini"))
    assert written["candidates"] == [candidate({"text": "B"}, CALL, finishReason="MAX_TOKENS")]
    assert written["usageMetadata"] == {
        "promptTokenCount": 5, "candidatesTokenCount": 15, "thoughtsTokenCount": 5, "cachedContentTokenCount": 1, "totalTokenCount": 25,
    }  # fmt: skip
    assert written["modelVersion"] == "m"


GROUNDED = {
    "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}, {"retrievedContext": {"text": "t", "fileSearchStore": "s"}}],
    "groundingSupports": [
        {"segment": {"startIndex": 4, "endIndex": 8, "text": "Zwei"}, "groundingChunkIndices": [0, 1]},
        {"segment": {"endIndex": 3}, "groundingChunkIndices": [7]},
    ],
}  # fmt: skip


def grounded(text="Öo. Zwei"):
    body = answer()
    body["candidates"] = [candidate({"text": text}, groundingMetadata=GROUNDED)]
    return body


def test_sources_are_citations():
    body = grounded()
    [message] = replied(body).items
    [first, second] = message.parts[0].citations
    assert (first.url, first.title, first.start, first.end) == ("https://a", "A", 4, 8)
    assert (second.url, second.cited) == (None, "t")
    assert reply_again(body) == body


def test_citations_that_change_are_written_anew():
    found = replied(grounded())
    [choice] = found.choices
    cited = Citation("x", "url", {}, "https://b", "B", None, 0, 2)
    items = (replace(choice.items[0], parts=(Text("Öo. Zwei", (cited,)),)),)
    body = CODEC.write_reply(replace(found, choices=(replace(choice, items=items),)), Target("gemini"))
    assert body["candidates"][0]["groundingMetadata"] == {
        "groundingChunks": [{"web": {"uri": "https://b", "title": "B"}}],
        "groundingSupports": [{"segment": {"startIndex": 0, "endIndex": 3, "text": "Öo"}, "groundingChunkIndices": [0]}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ""), ({"candidates": 5}, "candidates"), ({"candidates": [5]}, "candidates[0]"), ({"outputs": []}, ""),
        ({"candidates": [{"content": 5}]}, "candidates[0].content"),
        ({"candidates": [{"finishReason": []}]}, "candidates[0].finishReason"),
        ({"candidates": [{"index": "0"}]}, "candidates[0].index"),
        ({"candidates": [], "createTime": 5}, "createTime"), ({"candidates": [], "modelVersion": 5}, "modelVersion"),
        ({"promptFeedback": 5}, "promptFeedback"), ({"candidates": [], "usageMetadata": 5}, "usageMetadata"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_named(body, path):
    with pytest.raises(ProtocolError) as caught:
        replied(body)
    assert (caught.value.dialect, caught.value.path) == ("gemini", path)


# ---- errors


def error(code, word, message="no", **more):
    return {"error": {"code": code, "message": message, "status": word, **more}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, error(400, "INVALID_ARGUMENT"), "invalid_request"),
        (400, error(400, "INVALID_ARGUMENT", details=[{"reason": "API_KEY_INVALID"}]), "authentication"),
        (400, error(400, "INVALID_ARGUMENT", "The input exceeds the maximum number of tokens allowed"), "context_window"),
        (403, error(403, "PERMISSION_DENIED"), "permission"),
        (429, error(429, "RESOURCE_EXHAUSTED", details=[]), "rate_limit"),
        (503, error(503, "UNAVAILABLE"), "overloaded"),
        (504, error(504, "DEADLINE_EXCEEDED"), "timeout"),
        (500, {**error(500, "INTERNAL"), "more": 1}, "server"),
        (404, error(404, "NOT_FOUND", "gone"), "not_found"),
    ],
)  # fmt: skip
def test_errors_are_read_and_come_back(status, body, kind):
    found = CODEC.read_failure(status, body)
    assert found.kind == FailureKind(kind)
    assert CODEC.write_failure(found) == (status, body)
    assert CODEC.write_failure(replace(found, message="new"))[1]["error"]["message"] == "new"


def test_errors_in_a_list_and_what_they_complain_about():
    details = [{"fieldViolations": [{"field": "contents[0]"}]}]
    found = CODEC.read_failure(400, [error(400, "INVALID_ARGUMENT", details=details)])
    assert (found.message, found.param, found.type) == ("no", "contents[0]", "INVALID_ARGUMENT")


@pytest.mark.parametrize("kind", FailureKind)
def test_errors_of_others(kind):
    status, body = CODEC.write_failure(Failure(kind, "no", 529 if kind is FailureKind.OVERLOADED else None))
    assert body["error"]["code"] == status
    assert body["error"]["message"] == "no"
    assert body["error"]["status"].isupper()


def test_a_failure_inside_a_reply_is_the_error():
    found = Reply((), failure=Failure(FailureKind.SERVER, "broke"))
    assert CODEC.write_reply(found, Target("gemini")) == error(500, "INTERNAL", "broke")
