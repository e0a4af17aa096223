"""Bodies of Converse with everything the API knows, for its tests."""

from __future__ import annotations

from tokentape.protocols.bedrock_converse.codec import CODEC
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.codec import Source, Target
from tokentape.testing.contracts.codec import Exchange

CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
NAME = "bedrock.converse"
PNG = "iVBORw0KGgo="
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
USAGE = {"inputTokens": 14, "outputTokens": 3, "totalTokens": 17}
POINT = {"cachePoint": {"type": "default"}}


def user(*blocks):
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks):
    return {"role": "assistant", "content": list(blocks)}


def text(said):
    return {"text": said}


def use(call, city="Paris"):
    return {"toolUse": {"toolUseId": call, "name": "get_weather", "input": {"city": city}}}


def result(call, *content, **more):
    return {"toolResult": {"toolUseId": call, "content": list(content), **more}}


def replied(*blocks, stop="end_turn", usage=None, **more):
    return {
        "output": {"message": assistant(*blocks)},
        "stopReason": stop,
        "usage": USAGE if usage is None else usage,
        "metrics": {"latencyMs": 551},
        **more,
    }


def asks(*messages, **more):
    return {"messages": list(messages), **more}


def read(body, **source):
    return CODEC.read_request(body, Source(NAME, **{"model": CLAUDE, **source}))


def written(asked, **target):
    """The request, and its losses by severity."""
    to = Target(NAME, **target)
    outgoing = CODEC.write_request(asked, to)
    return outgoing, to.losses.report


def writes(*items, model=CLAUDE, **more):
    """The body that canonical items of nowhere become, and the losses."""
    outgoing, report = written(Conversation(tuple(items), model=model, **more))
    return outgoing.body, report


WEB = {"title": "Atlas", "sourceContent": [{"text": "Paris"}], "location": {"web": {"url": "https://a.b"}}}
PAGE = {"title": "report", "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}}

MEDIA = asks(
    user(
        text("Look."),
        {"image": {"format": "png", "source": {"bytes": PNG}}},
        {"image": {"format": "webp", "source": {"s3Location": {"uri": "s3://b/a.webp", "bucketOwner": "1"}}}},
        {"video": {"format": "three_gp", "source": {"s3Location": {"uri": "s3://b/a.3gp"}}}},
        {"audio": {"format": "x-aac", "source": {"bytes": PNG}}},
        {
            "document": {
                "format": "pdf",
                "name": "one",
                "source": {"bytes": "JVBERi0="},
                "context": "A report",
            }
        },
        {
            "document": {
                "format": "txt",
                "name": "two",
                "source": {"text": "Hi."},
                "citations": {"enabled": True},
            }
        },
        {"document": {"name": "three", "source": {"content": [{"text": "a"}, {"text": "b"}]}}},
        {"guardContent": {"text": {"text": "Guarded.", "qualifiers": ["query"]}}},
        {"searchResult": {"source": "s", "title": "t", "content": [{"text": "c"}]}},
    )
)

CACHED = asks(
    user(POINT, text("a"), POINT, POINT, text("b"), {"cachePoint": {"type": "default", "ttl": "1h"}}),
    assistant(text("c"), use("call_1"), POINT),
    user(result("call_1", text("18 C")), {"cachePoint": {"type": "later"}}),
    system=[text("Be brief."), POINT, {"guardContent": {"text": {"text": "x"}}}],
    toolConfig={
        "tools": [
            {
                "toolSpec": {
                    "name": "get_weather",
                    "description": "Weather of a city.",
                    "inputSchema": {"json": SCHEMA},
                    "strict": True,
                }
            },
            POINT,
            {"systemTool": {"name": "nova_grounding"}},
        ],
        "toolChoice": {"tool": {"name": "get_weather"}},
    },
)

TOOLS = asks(
    user(text("Weather?")),
    assistant(
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "AAEC"}},
        text("Let me see."),
        use("tooluse_a.b:c"),
        use("call_2", "Rome"),
        {
            "toolUse": {
                "toolUseId": "s1",
                "name": "nova_grounding",
                "input": {"q": 1},
                "type": "server_tool_use",
            }
        },
        {
            "toolResult": {
                "toolUseId": "s1",
                "type": "nova_grounding_result",
                "content": [{"json": {"a": []}}],
            }
        },
    ),
    user(
        result("call_2", {"json": {"t": 24}}, {"image": {"format": "png", "source": {"bytes": PNG}}}),
        text("and"),
        result("tooluse_a.b:c", text("none"), status="error"),
        text("Go on."),
    ),
    {"role": "system", "content": [{"toolAddition": {"tool": {"name": "x"}}}, text("Use it.")]},
    assistant({"citationsContent": {"content": [text("Par"), text("is")], "citations": [WEB, PAGE]}}),
    user(text("")),
    user(),
)

OPTIONS = asks(
    user(text("Go.")),
    inferenceConfig={"maxTokens": 100, "temperature": 0, "topP": 0.5, "stopSequences": ["|"], "topK": 4},
    additionalModelRequestFields={
        "thinking": {"type": "enabled", "budget_tokens": 2048, "display": "omitted"},
        "output_config": {"effort": "high", "more": 1},
        "top_k": 5,
        "anthropic_beta": ["computer-use-2025-01-24"],
        "tools": [{"type": "computer_20250124", "name": "computer"}],
    },
    additionalModelResponseFieldPaths=["/stop_sequence"],
    requestMetadata={"team": "a"},
    performanceConfig={"latency": "optimized"},
    serviceTier={"type": "flex"},
    promptVariables={"x": {"text": "y"}},
    guardrailConfig={"guardrailIdentifier": "g", "guardrailVersion": "DRAFT", "trace": "enabled"},
    outputConfig={
        "effort": "low",
        "textFormat": {
            "type": "json_schema",
            "structure": {"jsonSchema": {"schema": '{ "type": "object" }', "name": "a", "description": "b"}},
        },
    },
    toolConfig={"tools": []},
)

ANSWERS = replied(
    {"reasoningContent": {"reasoningText": {"text": "", "signature": "c2ln"}}},
    {"reasoningContent": {"redactedContent": "AAEC"}},
    text("Paris."),
    {"citationsContent": {"content": [text("Rome")], "citations": [WEB]}},
    {"image": {"format": "png", "source": {"bytes": PNG}}},
    use("call_1"),
    use("call_2", "Rome"),
    stop="tool_use",
    usage={
        "inputTokens": 4, "outputTokens": 9, "totalTokens": 43, "cacheReadInputTokens": 10,
        "cacheWriteInputTokens": 20,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 15}, {"ttl": "5m", "inputTokens": 5}],
    },
    trace={"guardrail": {"actionReason": "none"}},
    additionalModelResponseFields={"stop_sequence": None},
    performanceConfig={"latency": "optimized"},
    serviceTier={"type": "flex"},
)  # fmt: skip

EXCHANGES = [
    Exchange(MEDIA, replied(text("A cat.")), CLAUDE),
    Exchange(CACHED, replied(use("call_9"), stop="tool_use"), CLAUDE),
    Exchange(TOOLS, ANSWERS, CLAUDE),
    Exchange(OPTIONS, replied(stop="guardrail_intervened"), "amazon.nova-pro-v1:0"),
    Exchange(asks(), replied(text("Pari"), stop="something_new"), None),
]
