"""Bodies of Responses with everything the API knows, for its tests."""

from __future__ import annotations

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.openai_responses.codec import CODEC
from tokentape.testing.contracts.codec import Exchange

NAME = "openai.responses"
MODEL = "gpt-5-mini"
PNG = "data:image/png;base64,iVBORw0KGgo="
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather.",
    "parameters": SCHEMA,
    "strict": True,
}
USAGE = {
    "input_tokens": 14,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 17,
}


def said(text, *cited, **more):
    return {"type": "output_text", "text": text, "annotations": list(cited), "logprobs": [], **more}


def message(*parts, name="msg_1", status="completed", **more):
    return {
        "id": name,
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": list(parts),
        **more,
    }


def call(place="1", city="Paris", **more):
    return {
        "id": f"fc_{place}",
        "type": "function_call",
        "call_id": f"call_{place}",
        "name": "get_weather",
        "arguments": f'{{"city":"{city}"}}',
        "status": "completed",
        **more,
    }


def result(place="1", output="18 C", **more):
    return {"type": "function_call_output", "call_id": f"call_{place}", "output": output, **more}


def thought(*summary, name="rs_1", sealed=None, content=None, **more):
    item = {
        "id": name,
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": text} for text in summary],
    }
    if sealed is not None:
        item["encrypted_content"] = sealed
    if content is not None:
        item["content"] = [{"type": "reasoning_text", "text": text} for text in content]
    return {**item, **more}


def asks(given="Hello", **more):
    return {"model": MODEL, "input": given, **more}


def replied(*output, status="completed", **more):
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "gpt-5-mini-2025-08-07",
        "output": list(output),
        "parallel_tool_calls": True,
        "reasoning": {"effort": "medium", "summary": None},
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": USAGE,
        **more,
    }


def read(body, **source):
    return CODEC.read_request(body, Source(NAME, **source))


def read_reply(body, **source):
    return CODEC.read_reply(body, Source(NAME, **source))


def written(asked, **target):
    """The body of the request, and its losses."""
    to = Target(NAME, **target)
    return CODEC.write_request(asked, to).body, to.losses.report


def writes(*items, model=MODEL, **more):
    """The body that canonical items of nowhere become, and the losses."""
    return written(Conversation(tuple(items), model=model, **more))


def written_reply(reply, **target):
    """The response, and its losses."""
    to = Target(NAME, **target)
    return CODEC.write_reply(reply, to), to.losses.report


def streamed(events, **target):
    """The events that a stream becomes."""
    writer = CODEC.writer(Target(NAME, **target))
    return [wire.json for event in events for wire in writer.write(event) if wire.raw is None]


CITED = {"type": "url_citation", "url": "https://a.b", "title": "Atlas", "start_index": 0, "end_index": 5}
FILED = {"type": "file_citation", "file_id": "file_1", "filename": "a.txt", "index": 3}
LIKELY = {"token": "Par", "logprob": -0.1, "bytes": [80, 97, 114], "top_logprobs": []}
SEARCH = {
    "id": "ws_1",
    "type": "web_search_call",
    "status": "completed",
    "action": {"type": "search", "query": "x"},
}
CODE = {
    "id": "ci_1", "type": "code_interpreter_call", "status": "completed", "code": "print(1)",
    "container_id": "cntr_1", "outputs": [{"type": "logs", "logs": "1"}],
}  # fmt: skip
MCP = {
    "id": "mcp_1", "type": "mcp_call", "status": "completed", "name": "roll", "arguments": '{"n":1}',
    "server_label": "dice", "output": "4", "error": None, "approval_request_id": None,
}  # fmt: skip
LISTED = {"id": "mcpl_1", "type": "mcp_list_tools", "server_label": "dice", "tools": []}
COMPUTER = {
    "id": "cu_1", "type": "computer_call", "call_id": "call_9", "status": "completed",
    "action": {"type": "click", "button": "left", "x": 1, "y": 2}, "pending_safety_checks": [],
}  # fmt: skip
CUSTOM = {"id": "ctc_1", "type": "custom_tool_call", "call_id": "call_5", "name": "run", "input": "print(1)"}
FOREIGN_TO_ALL = (
    SEARCH,
    {"id": "fs_1", "type": "file_search_call", "status": "completed", "queries": ["x"], "results": None},
    CODE,
    {"id": "ig_1", "type": "image_generation_call", "status": "completed", "result": "iVBORw0KGgo="},
    MCP,
    LISTED,
    {"id": "ar_1", "type": "mcp_approval_request", "name": "roll", "arguments": "{}", "server_label": "dice"},
    {"type": "mcp_approval_response", "approval_request_id": "ar_1", "approve": True},
    COMPUTER,
    {"type": "computer_call_output", "call_id": "call_9", "output": {"type": "computer_screenshot", "image_url": PNG}},
    {"id": "ls_1", "type": "local_shell_call", "call_id": "call_7", "status": "completed",
     "action": {"type": "exec", "command": ["ls"], "env": {}}},
    {"type": "local_shell_call_output", "id": "ls_1", "output": "a"},
    {"id": "sh_1", "type": "shell_call", "call_id": "call_8", "status": "completed", "action": {"commands": ["ls"]}},
    {"type": "shell_call_output", "call_id": "call_8", "output": []},
    {"id": "ap_1", "type": "apply_patch_call", "call_id": "call_6", "status": "completed",
     "operation": {"type": "delete_file", "path": "a"}},
    {"type": "apply_patch_call_output", "call_id": "call_6", "status": "completed"},
    {"id": "cmp_1", "type": "compaction", "encrypted_content": "c2ln"},
    {"type": "item_reference", "id": "msg_0"},
)  # fmt: skip
"""Items that only Responses has: what the provider runs, and what its own clients run for it."""

MEDIA = asks(
    [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Look."},
                {"type": "input_image", "image_url": "https://example.com/cat.png", "detail": "low"},
                {"type": "input_image", "image_url": PNG},
                {"type": "input_image", "file_id": "file_1", "detail": "auto"},
                {
                    "type": "input_file",
                    "file_data": "data:application/pdf;base64,JVBERi0xLjQK",
                    "filename": "a.pdf",
                },
                {"type": "input_file", "file_data": "JVBERi0xLjQK"},
                {"type": "input_file", "file_id": "file_2"},
                {"type": "input_file", "file_url": "https://example.com/a.pdf"},
                {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
                {"type": "input_film", "film": "x"},
            ],
        },
    ]
)
TURNS = asks(
    [
        {"role": "developer", "content": "Use English."},
        {"type": "message", "role": "user", "content": "My name is Ada."},
        thought("Hm.", "So.", sealed="c2ln"),
        message(said("Hello Ada.", CITED, FILED), {"type": "refusal", "refusal": "No."}, phase="final_answer"),
        {"role": "assistant", "content": "Hello."},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Yes."}]},
        {"role": "user", "content": [{"type": "text", "text": "And?"}], "name": "ada"},
        {"id": "rs_2", "type": "reasoning", "summary": [], "content": [
            {"type": "reasoning_text", "text": "One."}, {"type": "reasoning_text", "text": ""}], "status": None},
        call(), call("2", "Rome"),
        result("2", "24 C", id="fco_2", status="completed"),
        result("1", [{"type": "input_text", "text": "18 C"}, {"type": "input_image", "image_url": PNG, "detail": "high"}]),
        CUSTOM, {"type": "custom_tool_call_output", "call_id": "call_5", "output": "1"},
        *FOREIGN_TO_ALL,
        {"type": "x_new", "x": [1]},
    ],
    instructions="Be brief.",
)  # fmt: skip
OPTIONS = asks(
    "Hello",
    background=False, conversation={"id": "conv_1"}, include=["message.output_text.logprobs", "x"],
    max_output_tokens=100, max_tool_calls=3, metadata={"a": "b"}, parallel_tool_calls=False,
    prompt_cache_key="k", prompt_cache_retention="24h", reasoning={"effort": "low", "summary": "auto"},
    safety_identifier="u", user="v", service_tier="flex", store=False, stream=True,
    stream_options={"include_obfuscation": False}, temperature=0.5, top_p=0.9, top_logprobs=2,
    truncation="auto", previous_response_id=None,
    text={"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}, "verbosity": "low"},
)  # fmt: skip
TOOLS = asks(
    [{"type": "input_text", "text": "Weather?"}],
    tools=[
        WEATHER, {"type": "function", "name": "now", "parameters": None, "strict": None},
        {"type": "custom", "name": "run", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
        {"type": "namespace", "name": "crm", "description": "CRM", "tools": [WEATHER]},
        {"type": "web_search", "search_context_size": "low"},
        {"type": "mcp", "server_label": "dice", "server_url": "https://dice"},
    ],
    tool_choice={"type": "allowed_tools", "mode": "required", "tools": [
        {"type": "function", "name": "get_weather"}, {"type": "custom", "name": "run"}]},
    previous_response_id="resp_0", prompt={"id": "pmpt_1"}, text={"format": {"type": "json_object"}, "verbosity": None},
    user="u", background=True, include=[],
)  # fmt: skip
SPELLINGS = [
    asks([], tools=[], text={}, reasoning={}),
    {"model": MODEL, "prompt": {"id": "pmpt_1"}},
    asks({"role": "user", "content": "Hello"}, tool_choice="required", text={"format": {"type": "text"}}),
    asks("x", tool_choice={"type": "function", "name": "f"}, include=None, text=None, tools=None),
    asks(
        "x",
        tool_choice={"type": "custom", "name": "f"},
        include=["reasoning.encrypted_content"],
        instructions="",
    ),
    asks(
        "x", tool_choice={"type": "mcp", "server_label": "dice"}, text={"format": {"type": "grammar", "x": 1}}
    ),
    asks(
        "x",
        tool_choice={"type": "web_search_preview"},
        reasoning={"effort": "none", "generate_summary": "auto"},
    ),
]

REPLIES = [
    replied(message(said("Paris.", CITED))),
    replied(thought("Hm.", sealed="c2ln"), call(), call("2", "Rome")),
    replied(thought(content=["Yes, ", "I am."]), message(said("Yes.", logprobs=[LIKELY]))),
    replied(message({"type": "refusal", "refusal": "I cannot."}, phase="final_answer")),
    replied(SEARCH, CODE, MCP, LISTED, COMPUTER, message(said("Done.", FILED)), CUSTOM),
    replied(message(said("Pari"), status="incomplete"), status="incomplete",
            incomplete_details={"reason": "max_output_tokens"}),
    replied(message(said("I"), status="incomplete"), status="incomplete",
            incomplete_details={"reason": "content_filter"}),
    replied(message(said("I")), status="cancelled", usage=None),
    replied({"type": "x_new", "x": 1}, message({"type": "output_text", "text": "Paris."}), completed_at=1),
]  # fmt: skip
FAILED = replied(
    status="failed", error={"code": "server_error", "message": "it broke"}, usage=None, id="resp_2"
)
QUEUED = replied(status="queued", usage=None, background=True)

EXCHANGES = [
    Exchange(request, REPLIES[n % len(REPLIES)], name=str(n))
    for n, request in enumerate([MEDIA, TURNS, OPTIONS, TOOLS, *SPELLINGS])
]
