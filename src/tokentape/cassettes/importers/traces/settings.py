"""Parameters of a call in the names of every SDK: options, tools, the form of the answer, thinking.

What is no parameter of a model (`timeout`, `max_retries`, what begins with `_` or `ls_`) is nothing to lose;
any other that is not known is noted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tokentape.cassettes.importers.traces.attributes import whole_json
from tokentape.cassettes.importers.traces.tools import choice_of, tools_of
from tokentape.protocols.canonical.conversation import Options, OutputFormat, Thinking, options_from
from tokentape.protocols.reading import fields, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.cassettes.importers.notes import Notes
    from tokentape.protocols.canonical.conversation import NativeTool, Tool, ToolChoice
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_NUMBERS = {
    "temperature": "temperature", "top_p": "top_p", "topP": "top_p", "min_p": "min_p",
    "frequency_penalty": "frequency_penalty", "frequencyPenalty": "frequency_penalty",
    "presence_penalty": "presence_penalty", "presencePenalty": "presence_penalty",
    "repetition_penalty": "repetition_penalty",
}  # fmt: skip
_WHOLE = {
    "max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens",
    "max_output_tokens": "max_output_tokens", "maxOutputTokens": "max_output_tokens",
    "maxTokens": "max_output_tokens", "max_new_tokens": "max_output_tokens",
    "num_predict": "max_output_tokens", "max_tokens_to_sample": "max_output_tokens",
    "top_k": "top_k", "topK": "top_k", "seed": "seed", "random_seed": "seed", "top_logprobs": "top_logprobs",
    "n": "candidates", "candidate_count": "candidates", "candidateCount": "candidates",
    "choice.count": "candidates",
}  # fmt: skip
_TEXTS = {
    "service_tier": "service_tier", "user": "user", "verbosity": "verbosity",
    "prompt_cache_key": "cache_key", "truncation": "truncation",
}  # fmt: skip
_FLAGS = {"parallel_tool_calls": "parallel_tool_calls", "logprobs": "logprobs", "store": "store"}
_STOPS = ("stop", "stop_sequences", "stopSequences", "stop_words")

_READ = frozenset(
    {"tools", "tool_choice", "functions", "function_call", "response_format", "reasoning_effort", "reasoning"}
    | {"thinking", "stream", "streaming", "stream_options", "model", "model_name", "modelId", "model_id"}
    | {"metadata", "logit_bias", "messages", "input", "instructions", "system", "contents", "prompt", "text"}
)
_NOTHING = frozenset(
    {"timeout", "request_timeout", "default_request_timeout", "max_retries", "extra_headers", "extra_query"}
    | {"model_kwargs", "stream_usage", "use_responses_api", "api_base", "base_url", "api_type", "api_version"}
    | {"api_key", "organization", "deployment", "azure_deployment", "azure_endpoint", "callbacks", "headers"}
    | {"disable_streaming", "output_version", "extra_body", "default_headers", "ls_structured_output_format"}
    | {"output_config", "include_response_headers", "request_id"}
)
"""Of SDKs and frameworks: not part of what the model was asked. Those with a value that matters are noted."""
_TOLD = frozenset({"extra_body", "model_kwargs", "output_config"})


class Settings(NamedTuple):
    """What the parameters say. `model` is the one they name, `stream` None where they do not say."""

    options: Options
    tools: tuple[Tool | NativeTool, ...] = ()
    choice: ToolChoice | None = None
    output: OutputFormat | None = None
    thinking: Thinking | None = None
    stream: bool | None = None
    model: str | None = None


def settings_of(given: Fields, notes: Notes, dialect: str) -> Settings:
    """The settings. `dialect` is whose tools those are that a provider runs itself."""
    given = {name: value if name in _TEXTS else whole_json(value) for name, value in given.items()}
    found: dict[str, object] = {}
    for name, value in given.items():
        if not _is_said(value):
            continue
        option, read = _option(name, value)
        if option and read is not None:
            found.setdefault(option, read)
        elif option or not _is_known(name):
            notes.lose(f"the parameter {name!r}"[:80])
    tools = tools_of(given.get("tools") or given.get("functions"), notes, dialect)
    form = given.get("response_format") or fields(given.get("text")).get("format")
    choice = given.get("tool_choice", given.get("function_call"))
    return Settings(
        options_from(found),
        tools,
        _read(choice_of(choice), "tool_choice", choice, notes) if tools else None,
        None if _is_text(form) else _read(output_of(form), "response_format", form, notes),
        _thinking(given),
        stream=_flag(given.get("stream") or given.get("streaming")) or None,
        model=next((said for name in _MODELS if (said := text(given.get(name)))), None),
    )


_Found = TypeVar("_Found")


def _is_text(form: Json) -> bool:
    """True for the form that every answer has unless another is asked for."""
    return form == "text" or text(fields(form).get("type")) == "text"


def _read(found: _Found | None, name: str, value: Json, notes: Notes) -> _Found | None:
    """What was found; a value of which nothing is known is noted as lost."""
    if found is None and _is_said(value):
        notes.lose(f"the parameter {name!r}, whose value is not understood")
    return found


_MODELS = ("model", "model_name", "modelId", "model_id")


def _is_said(value: Json) -> bool:
    return value is not None and value not in ("", [], {}, "null", "None", "Infinity", "inf")


def _is_known(name: str) -> bool:
    if name in _TOLD:
        return False
    return name in _READ or name in _NOTHING or name.startswith(("_", "ls_", "lc_"))


def _option(name: str, value: Json) -> tuple[str, object]:
    """The option and its value; ("", None) for what is none, and None for a value that cannot be."""
    if name in _NUMBERS:
        return _NUMBERS[name], _number(value)
    if name in _WHOLE:
        found = _number(value)
        return _WHOLE[name], int(found) if found is not None and float(found).is_integer() else None
    if name in _TEXTS:
        return _TEXTS[name], text(value) or None
    if name in _FLAGS:
        return _FLAGS[name], _flag(value)
    if name in _STOPS:
        stops = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return "stop", tuple(stop for stop in stops if isinstance(stop, str)) or None
    if name == "logit_bias" and isinstance(value, dict):
        return "logit_bias", value
    return "", None


def _number(value: Json) -> int | float | None:
    if isinstance(value, str):
        try:
            value = float(value) if len(value) < 40 else None
        except ValueError:
            return None
        value = int(value) if value is not None and math.isfinite(value) and value.is_integer() else value
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
        return None
    return value if math.isfinite(value) else None


def _flag(value: Json) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def output_of(form: Json) -> OutputFormat | None:
    """The form of the answer: OpenAI's `response_format`, or the `text.format` of Responses."""
    told = fields(form)
    kind = text(told.get("type"))
    if kind in ("json_object", "json"):
        return OutputFormat("json")
    if kind != "json_schema":
        return None
    inner = fields(told.get("json_schema")) or told
    schema = inner.get("schema")
    if not isinstance(schema, dict):
        return OutputFormat("json")
    return OutputFormat(
        "schema", schema, text(inner.get("name")) or "answer", strict=_flag(inner.get("strict"))
    )


def _thinking(given: Mapping[str, Json]) -> Thinking | None:
    reasoning, thinking = fields(given.get("reasoning")), fields(given.get("thinking"))
    effort = text(given.get("reasoning_effort")) or text(reasoning.get("effort"))
    summary = text(reasoning.get("summary"))
    modes: dict[str, Thinking] = {
        "enabled": Thinking("on", budget=number(thinking.get("budget_tokens"))),
        "disabled": Thinking("off"),
        "adaptive": Thinking("adaptive"),
    }
    if effort or summary:
        return Thinking(effort=effort or None, summary=summary or None)
    return modes.get(text(thinking.get("type")))
