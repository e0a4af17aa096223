"""Options: `generationConfig`, with the form of the answer in it, and what stands beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import OutputFormat
from tokentape.protocols.canonical.origin import Origin
from tokentape.protocols.gemini.names import NAME, known
from tokentape.protocols.options import Place
from tokentape.protocols.schemas import Unportable, json_schema, subset_of

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_GENERATION = "generationConfig"

OPTIONS = (
    Place("max_output_tokens", (_GENERATION, "maxOutputTokens"), "integer"),
    Place("temperature", (_GENERATION, "temperature"), "number"),
    Place("top_p", (_GENERATION, "topP"), "number"),
    Place("top_k", (_GENERATION, "topK"), "integer"),
    Place("frequency_penalty", (_GENERATION, "frequencyPenalty"), "number"),
    Place("presence_penalty", (_GENERATION, "presencePenalty"), "number"),
    Place("seed", (_GENERATION, "seed"), "integer"),
    Place("stop", (_GENERATION, "stopSequences"), "texts"),
    Place("candidates", (_GENERATION, "candidateCount"), "integer"),
    Place("logprobs", (_GENERATION, "responseLogprobs"), "flag"),
    Place("top_logprobs", (_GENERATION, "logprobs"), "integer"),
    Place("modalities", (_GENERATION, "responseModalities"), "texts"),
    Place("service_tier", ("serviceTier",), "text"),
    Place("store", ("store",), "flag"),
)

GENERATION = known(
    *(place.path[1] for place in OPTIONS if place.path[0] == _GENERATION),
    "responseMimeType", "responseSchema", "responseJsonSchema", "thinkingConfig",
)  # fmt: skip

_FORM = frozenset({"responseMimeType", "responseSchema", "responseJsonSchema"})


def read_output(config: Fields, where: Where) -> tuple[OutputFormat | None, Fields]:
    """The form of the answer, and those of its fields that it does not tell."""
    media_type = where.text_or_none(config.get("responseMimeType"), _GENERATION, "responseMimeType")
    given = [name for name in ("responseJsonSchema", "responseSchema") if name in config]
    if media_type is None and not given:
        return None, {}
    if media_type not in (None, "application/json", "text/plain") or len(given) > 1:
        return None, {f"{_GENERATION}.{name}": config[name] for name in _FORM if name in config}
    spelling: Fields = {} if media_type else {"=type": "absent"}
    path = (_GENERATION, given[0] if given else "responseMimeType")
    if not given or media_type == "text/plain":
        kept: Fields = {f"{_GENERATION}.{name}": config[name] for name in given}
        return OutputFormat("json" if media_type != "text/plain" else "text", origin=Origin(NAME, path)), kept
    schema = config[given[0]]
    spelling["=schema"] = given[0]
    if given[0] == "responseSchema":
        read = read_schema(schema, where, *path)
        if read != schema:
            spelling["=raw"] = schema
        schema = read
    return OutputFormat("schema", schema, origin=Origin(NAME, path, spelling=spelling)), {}


def read_schema(schema: Json, where: Where, *path: str | int) -> Json:
    """Google's `Schema` as JSON schema."""
    try:
        return json_schema(schema)
    except Unportable as problem:
        where.wrong(str(problem), *path)
        return None


def write_output(output: OutputFormat, subset: bool, losses: Losses) -> Fields:
    """The fields of `generationConfig` that ask for it. `subset`: the endpoint takes no JSON schema."""
    spelling = output.origin.spelling if output.origin and output.origin.protocol == NAME else {}
    if output.kind == "text":
        return {"responseMimeType": "text/plain"}
    written: Fields = {"responseMimeType": "application/json"}
    if output.kind == "json":
        return written
    if spelling.get("=type") == "absent":
        del written["responseMimeType"]
    name = spelling.get("=schema")
    if name == "responseSchema":
        written[name] = kept_schema(output.schema, spelling.get("=raw"))
    elif subset and name is None:
        written["responseSchema"] = subset_of(output.schema, output.origin, losses)
    else:
        written["responseJsonSchema"] = output.schema
    for what in ("name", "description"):
        if getattr(output, what) is not None:
            losses.tuning(output.origin, f"{what} of the schema", "the dialect has no place for it")
    return written


def kept_schema(schema: Json, raw: Json) -> Json:
    """The schema as it was written, as long as it still says the same."""
    return raw if raw is not None and json_schema(raw) == schema else schema
