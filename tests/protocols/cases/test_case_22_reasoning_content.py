"""Case 22: `reasoning_content` goes back with all turns that call tools, or with none of them."""

from __future__ import annotations

import pytest

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.compatible import quirks_of
from tokentape.protocols.translation import translate_request


def turn(given, thought=None):
    call = {"id": given, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    said = {"role": "assistant", "content": "", "tool_calls": [call]}
    return [
        said | ({"reasoning_content": thought} if thought else {}),
        {"role": "tool", "tool_call_id": given, "content": "1"},
    ]


def thoughts(messages, server="deepseek", **options):
    body = {"model": "m", "messages": [{"role": "user", "content": "Go."}, *messages], **options}
    target = Target("openai.chat", quirks=quirks_of(server))
    written = translate_request(body, Source("openai.chat"), target).result.body["messages"]
    return [message.get("reasoning_content") for message in written if message["role"] == "assistant"]


@pytest.mark.parametrize("server", ["deepseek", "moonshot"])
def test_all_where_one_has_it(server):
    assert thoughts([*turn("a", "Hm."), *turn("b")], server) == ["Hm.", ""]


def test_none_where_none_has_it():
    assert thoughts([*turn("a"), *turn("b")]) == [None, None]


def test_all_where_the_model_shall_think():
    assert thoughts([*turn("a")], thinking={"type": "enabled"}) == [""]


def test_turns_without_tools_go_without():
    assert thoughts([{"role": "assistant", "content": "4", "reasoning_content": "Hm."}]) == [None]


def test_who_takes_no_thoughts_gets_none_and_the_report_says_so():
    body = {
        "model": "gpt-5-mini",
        "messages": [{"role": "assistant", "content": "4", "reasoning_content": "Hm."}],
    }
    target = Target("openai.chat", quirks=quirks_of("openai"))
    done = translate_request(body, Source("openai.chat"), target)
    assert done.result.body["messages"] == [{"role": "assistant", "content": "4"}]
    assert [loss.what for loss in done.losses.tuning] == ["thought"]
