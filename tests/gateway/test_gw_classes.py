"""What a request is for: told by the client, by rules, or by what known clients do."""

from __future__ import annotations

import pytest

from tokentape.errors import UsageError
from tokentape.gateway.call import Naming
from tokentape.gateway.classes import ClassRule, Request, class_of

CLAUDE_CLI = ("User-Agent", "claude-cli/2.1.139 (external, cli)")
TOOLS = [{"name": "Bash", "input_schema": {"type": "object"}}]


def request(body=None, headers=(), model="claude-opus-4-5", dialect="anthropic.messages", operation="create"):
    return Request(dialect, operation, model, tuple(headers), body or {})


def name(*args, naming=None, rules=(), **more):
    return class_of(request(*args, **more), naming or Naming(), rules).name


def claude(system=None, last="Fix the bug.", tools=TOOLS, **more):
    body = {"messages": [{"role": "user", "content": last}], "tools": tools, "max_tokens": 32_000, **more}
    return (
        {
            **body,
            "system": [{"type": "text", "text": "You are Claude Code."}, {"type": "text", "text": system}],
        }
        if system
        else body
    )


def test_nothing_said_is_main():
    found = class_of(request(claude("Help the user.")), Naming())
    assert (found.name, found.evidence) == ("main", "nothing says otherwise")


@pytest.mark.parametrize("kind", ["main", "title", "mine"])
def test_the_clients_word_goes_before_everything(kind):
    rules = (ClassRule("rule", models=("*",)),)
    found = class_of(request(operation="compact"), Naming(kind=kind), rules)
    assert (found.name, found.evidence) == (kind, "the client named the class")


def test_configured_rules_go_before_known_clients_and_in_order():
    asked = request(headers=[("x-claude-code-request-class", "compaction")])
    rules = (
        ClassRule("never", models=("gpt-*",)),
        ClassRule("first", models=("claude*",)),
        ClassRule("second", models=("*",)),
    )
    found = class_of(asked, Naming(), rules)
    assert (found.name, found.evidence) == ("first", "class rule 2")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("main", "main"),
        ("subagent", "main"),
        ("workflow", "main"),
        ("compaction", "compaction"),
        ("auxiliary", "background"),
        ("Compaction", "compaction"),
        ("something new", "main"),
    ],
)
def test_claude_codes_hints(told, expected):
    assert name(headers=[("X-Claude-Code-Request-Class", told)]) == expected


def test_claude_codes_hint_goes_before_its_words():
    body = claude(last="Your task is to create a detailed summary of the conversation so far.")
    assert name(body) == "compaction"
    assert name(body, headers=[("X-Claude-Code-Request-Class", "main")]) == "main"


@pytest.mark.parametrize(
    "system",
    [
        "Generate a concise, sentence-case title (3-7 words) that captures the main topic.",
        "Analyze if this message indicates a new conversation topic. If it does, extract a title.",
        "You are a title generator. You output ONLY a thread title. Nothing else.",
    ],
)
def test_titles(system):
    assert name(claude(system, tools=[])) == "title"
    assert name(claude(system, tools=TOOLS)) == "main"
    assert name(claude(last=system, tools=[])) == "main"


def test_claude_codes_background_calls():
    small = {"messages": [{"role": "user", "content": "quota"}], "max_tokens": 1}
    haiku = "claude-haiku-4-5"
    assert name(small, [CLAUDE_CLI], haiku) == "background"
    assert name(claude(tools=[]), [CLAUDE_CLI], haiku) == "background"
    assert name(claude(), [CLAUDE_CLI], haiku) == "main"


def test_a_small_model_alone_is_no_reason():
    assert name(claude(tools=[]), [], "claude-haiku-4-5") == "main"


@pytest.mark.parametrize(
    "body",
    [
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "text",
                            "text": "CRITICAL: text only.\n\nYour task is to create a detailed summary of the conversation so far",
                        }
                    ],
                }
            ]
        },
        {
            "input": [
                {
                    "type": "message",
                    "role": "user",
                    "content": [
                        {
                            "type": "input_text",
                            "text": "You are performing a CONTEXT CHECKPOINT COMPACTION. Create",
                        }
                    ],
                }
            ]
        },
        {
            "systemInstruction": {
                "parts": [
                    {"text": "a component that distills chat history into a structured XML <state_snapshot>."}
                ]
            }
        },
        {
            "config": 1,
            "system_instruction": {
                "parts": [
                    {
                        "text": "You are the component that summarizes internal chat history into a given structure."
                    }
                ]
            },
        },
        {
            "messages": [
                {
                    "role": "system",
                    "content": "You are a helpful AI assistant tasked with summarizing conversations.",
                }
            ]
        },
        {
            "instructions": "You are a helpful AI assistant tasked with summarizing conversations.",
            "input": "x",
        },
    ],
)
def test_compactions_of_known_clients(body):
    assert name(body) == "compaction"


def test_the_endpoint_that_compacts():
    assert name(operation="compact", dialect="openai.responses") == "compaction"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (("x-openai-subagent", "compact"), "compaction"),
        (("x-openai-subagent", "memory_consolidation"), "background"),
        (("x-openai-memgen-request", "true"), "background"),
        (("x-openai-subagent", "review"), "main"),
    ],
)
def test_codex(header, expected):
    assert name({"input": "x"}, [header], "gpt-5-codex", "openai.responses") == expected


@pytest.mark.parametrize(
    "body",
    [
        {"max_tokens": 5},
        {"max_completion_tokens": 5},
        {"max_output_tokens": 5},
        {"generationConfig": {"maxOutputTokens": 5}},
        {"inferenceConfig": {"maxTokens": 5}},
        {"options": {"num_predict": 5}},
    ],
)
def test_a_rule_by_the_most_tokens_in_every_dialect(body):
    rules = (ClassRule("small", max_tokens=5),)
    assert name(body, rules=rules) == "small"
    assert name(body, rules=(ClassRule("small", max_tokens=4),)) == "main"
    assert name({}, rules=rules) == "main"


def test_all_conditions_of_a_rule_have_to_hold():
    rule = ClassRule(
        "x",
        models=("gpt-*",),
        headers=(("X-App", "ide/*"),),
        max_tokens=10,
        system=("be brief",),
        last=("name",),
        tools=False,
        dialects=("openai.chat",),
    )
    body = {
        "max_tokens": 9,
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "name it"}],
    }
    fits = {"body": body, "headers": [("x-app", "IDE/1")], "model": "gpt-5", "dialect": "openai.chat"}
    assert name(**fits, rules=(rule,)) == "x"
    for change in (
        {"model": "o3"},
        {"headers": [("x-app", "cli/1")]},
        {"headers": []},
        {"dialect": "gemini"},
        {"body": {**body, "max_tokens": 11}},
        {"body": {**body, "tools": TOOLS}},
        {"body": {**body, "messages": body["messages"][:1]}},
        {"body": {**body, "messages": body["messages"][1:]}},
    ):
        assert name(**{**fits, **change}, rules=(rule,)) == "main"


@pytest.mark.parametrize("more", [{"name": " ", "models": ("*",)}, {"name": "x"}])
def test_a_rule_that_says_nothing_is_refused(more):
    with pytest.raises(UsageError):
        ClassRule(**more)


@pytest.mark.parametrize(
    "body",
    [
        {"messages": 3},
        {"messages": [None]},
        {"system": 3, "tools": 3},
        {"input": {"a": 1}},
        {"contents": "x"},
        {"prompt": None},
    ],
)
def test_bodies_of_any_form_are_main(body):
    assert name(body) == "main"
