"""Options of a Converse request: the table, thinking, and the form of the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.bedrock_converse.merging import inner, merged
from tokentape.protocols.canonical.conversation import OutputFormat, Thinking
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.families import family_of
from tokentape.protocols.limits import effort_budget, efforts, nearest_effort
from tokentape.protocols.options import Place
from tokentape.protocols.reading import at, objects

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.checking import Where
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

PLACES = (
    Place("max_output_tokens", ("inferenceConfig", "maxTokens"), "integer"),
    Place("temperature", ("inferenceConfig", "temperature"), "number"),
    Place("top_p", ("inferenceConfig", "topP"), "number"),
    Place("stop", ("inferenceConfig", "stopSequences"), "texts"),
    Place("top_k", ("additionalModelRequestFields", "top_k"), "integer"),
    Place("service_tier", ("serviceTier", "type"), "text"),
    Place("metadata", ("requestMetadata",), "json"),
)
"""Sampling and limits are in `inferenceConfig`; what only some models take in
`additionalModelRequestFields`."""

EXTRA = "additionalModelRequestFields"

_MODES = {"enabled": "on", "disabled": "off", "adaptive": "adaptive"}
_TYPES = {mode: name for name, mode in _MODES.items()}
_THOUGHT = frozenset({"type", "budget_tokens"})
_LEAST = 1024
"""The smallest thinking budget that Claude takes."""


# ---- thinking (Claude on Bedrock: "Extended thinking", "Adaptive thinking")


def read_thinking(body: Fields, where: Where) -> tuple[Thinking | None, Fields, Fields]:
    """How much to think, what is left of the model's own fields, and of `outputConfig`."""
    config = dict(inner(body, "outputConfig", where))
    extra = body.get(EXTRA)
    left = dict(extra) if isinstance(extra, dict) else {}
    place = next((name for name in ("thinking", "reasoning_config") if _is_thinking(left.get(name))), None)
    told: Fields = left.pop(place) if place else {}  # type: ignore[assignment]
    effort, spelt = where.text_or_none(config.get("effort"), "outputConfig", "effort"), "outputConfig"
    if effort is not None:
        del config["effort"]
    own = left.get("output_config")
    if effort is None and isinstance(own, dict) and isinstance(own.get("effort"), str):
        effort, spelt = str(own["effort"]), "output_config"
        left["output_config"] = {name: value for name, value in own.items() if name != "effort"}
        if not left["output_config"]:
            del left["output_config"]
    if place is None and effort is None:
        return None, left, config
    budget = where.integer_or_none(told.get("budget_tokens"), EXTRA, str(place), "budget_tokens")
    origin = Origin(NAME, (EXTRA,), rest_of(told, _THOUGHT), {"place": place, "effort": spelt})
    return Thinking(_MODES.get(str(told.get("type"))), effort, budget, origin=origin), left, config  # type: ignore[arg-type]


def _is_thinking(value: Json) -> bool:
    return isinstance(value, dict) and value.get("type") in ("enabled", "disabled", "adaptive")


def write_thinking(asked: Conversation, target: Target, body: Fields) -> None:
    """Thinking as the model's family takes it: Claude by budget, or by effort where its levels are
    published; Nova and the gpt models by effort. Others are told by nobody how (case 31).
    """
    thinking = asked.thinking
    if thinking is None:
        return
    model = target.model or asked.model
    origin = thinking.origin
    family = family_of(model, NAME)
    if origin is not None and origin.protocol == NAME and family == family_of(asked.model or model, NAME):
        _write_own(thinking, origin, body)
        return
    if family == "claude":
        _write_claude(asked, thinking, target, body)
    elif family in _BY_EFFORT and thinking.effort not in (None, "none") and thinking.mode != "off":
        word = nearest_effort(str(thinking.effort), model)
        _inside(body, EXTRA).update(_BY_EFFORT[family](word if word in _LEVELS else "high"))
    elif thinking.mode != "off" and thinking.effort != "none":
        target.losses.tuning(origin, "thinking", f"nobody says how {model or 'the model'} is told to think")


_LEVELS = ("low", "medium", "high")


def _nova(word: str) -> Fields:
    return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": word}}


def _gpt(word: str) -> Fields:
    return {"reasoning_effort": word}


_BY_EFFORT = {"nova": _nova, "gpt": _gpt}


def _inside(body: Fields, name: str) -> Fields:
    return body.setdefault(name, {})  # type: ignore[return-value]


def _write_own(thinking: Thinking, origin: Origin, body: Fields) -> None:
    place = origin.spelling.get("place")
    if thinking.mode is not None:
        told: Fields = {"type": _TYPES[thinking.mode]}
        if thinking.budget is not None:
            told["budget_tokens"] = thinking.budget
        _inside(body, EXTRA)[str(place or "thinking")] = {**origin.rest, **told}
    if thinking.effort is not None and origin.spelling.get("effort") == "output_config":
        _inside(body, EXTRA)["output_config"] = {"effort": thinking.effort}
    elif thinking.effort is not None:
        _inside(body, "outputConfig")["effort"] = thinking.effort


def _write_claude(asked: Conversation, thinking: Thinking, target: Target, body: Fields) -> None:
    model, losses = target.model or asked.model, target.losses
    extra = _inside(body, EXTRA)
    if thinking.mode == "off" or thinking.effort == "none" or thinking.budget == 0:
        extra["thinking"] = {"type": "disabled"}
        return
    levels = efforts(model)
    if thinking.effort is not None and levels:
        word = nearest_effort(thinking.effort, model)
        _inside(body, "outputConfig")["effort"] = word
        if word != thinking.effort:
            losses.tuning(thinking.origin, f"effort {thinking.effort}", f"the nearest one is {word}")
    if thinking.mode == "adaptive" or (thinking.budget is None and levels):
        extra["thinking"] = {"type": "adaptive"}
        return
    if _lacks_thought(body):
        if not extra:
            del body[EXTRA]
        losses.tuning(thinking.origin, "thinking", "the last calls came without a thought that Claude signed")
        return
    budget = thinking.budget
    if budget is None or budget < 0:
        word = thinking.effort or "medium"
        budget = effort_budget(word, model) or _LEAST
        losses.tuning(thinking.origin, f"effort {word}", f"the model takes a budget: {budget} tokens")
    extra["thinking"] = {"type": "enabled", "budget_tokens": _within(budget, asked, target)}


def _lacks_thought(body: Fields) -> bool:
    """True where results answer a turn that does not begin with its thought: with a budget to think that is
    refused (Claude, "Extended thinking with tool use"; case 15).
    """
    if not any("toolResult" in block for block in objects(at(body, "messages", -1, "content"))):
        return False
    said = list(objects(at(body, "messages", -2, "content")))
    return bool(said) and "reasoningContent" not in said[0]


def _within(budget: int, asked: Conversation, target: Target) -> int:
    """The budget, less than the output limit it is part of (case 30)."""
    limit = asked.options.max_output_tokens
    origin = asked.thinking.origin if asked.thinking else None
    if limit is not None and budget >= limit > _LEAST:
        target.losses.tuning(origin, "thinking budget", f"must be less than the limit of {limit} tokens")
        return max(_LEAST, limit - 1)
    if budget < _LEAST:
        target.losses.tuning(origin, "thinking budget", f"must be at least {_LEAST} tokens")
    return max(_LEAST, budget)


# ---- the form of the answer

_FORM = frozenset({"type", "structure"})
_STRUCTURE = frozenset({"jsonSchema"})
_SCHEMA = frozenset({"schema", "name", "description"})


def read_output(config: Fields, where: Where) -> OutputFormat | None:
    """`outputConfig.textFormat`, which is taken out of `config`; None, and left in, where it is unknown."""
    form = config.get("textFormat")
    if form is None:
        return None
    where = where.at("outputConfig", "textFormat")
    told = where.fields(form)
    structure = told.get("structure")
    form_of = structure.get("jsonSchema") if isinstance(structure, dict) else None
    if told.get("type") != "json_schema" or not isinstance(structure, dict) or not isinstance(form_of, dict):
        return None
    text = where.text(form_of.get("schema"), "structure", "jsonSchema", "schema")
    schema = _parsed(text)
    if schema is None:
        return None
    del config["textFormat"]
    rest: Fields = dict(rest_of(told, _FORM))
    within: Fields = dict(rest_of(structure, _STRUCTURE))
    if deepest := rest_of(form_of, _SCHEMA):
        within["jsonSchema"] = dict(deepest)
    if within:
        rest["structure"] = within
    return OutputFormat(
        "schema",
        schema,
        where.text_or_none(form_of.get("name"), "structure", "jsonSchema", "name"),
        where.text_or_none(form_of.get("description"), "structure", "jsonSchema", "description"),
        strict=True,
        origin=Origin(NAME, where.path, rest, {"schema": text}),
    )


def _parsed(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except ValueError:
        return None
    return value


def write_output(output: OutputFormat | None, target: Target, body: Fields) -> None:
    """A schema, as text; any other JSON cannot be asked for."""
    if output is None or output.kind == "text":
        return
    if output.kind == "json":
        target.losses.meaning(output.origin, "JSON mode", "Converse takes a JSON schema, not any JSON")
        return
    if output.strict is False:
        target.losses.tuning(output.origin, "strict", "the schema is always enforced")
    own = output.origin is not None and output.origin.protocol == NAME
    spelt = output.origin.spelling.get("schema") if own and output.origin else None
    if not isinstance(spelt, str) or _parsed(spelt) != output.schema:
        spelt = json.dumps(output.schema, ensure_ascii=False, separators=(",", ":"))
    told: Fields = {"schema": spelt}
    for name, value in (("name", output.name), ("description", output.description)):
        if value is not None:
            told[name] = value
    form: Fields = {"type": "json_schema", "structure": {"jsonSchema": told}}
    rest = output.origin.rest if own and output.origin else {}
    _inside(body, "outputConfig")["textFormat"] = merged(rest, form)
