"""Runs of LangSmith: what its API lists, or an export as JSON lines; runs may hold their children.

Runs of type "llm" are calls. Those of LangChain hold its own messages and the parameters beside them; those
of wrapped SDKs hold the request and the reply nearly as they were.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.format import Format
from tokentape.cassettes.importers.notes import LeftOut, Notes
from tokentape.cassettes.importers.records import records
from tokentape.cassettes.importers.traces.attributes import json_in, whole_json
from tokentape.cassettes.importers.traces.building import interaction_of
from tokentape.cassettes.importers.traces.counts import usage_of
from tokentape.cassettes.importers.traces.failures import failure_of
from tokentape.cassettes.importers.traces.messages import unwrapped
from tokentape.cassettes.importers.traces.replies import completed, reply_of
from tokentape.cassettes.importers.traces.requests import NO_REPLY, asked_of, sent_body, streamed
from tokentape.cassettes.importers.traces.traced import Traced, When, moment
from tokentape.cassettes.importers.traces.wrapping import Families, Kin
from tokentape.protocols.reading import at, fields, objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.cassettes.importers.format import Given
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.wire.interaction import Interaction, Json

    Fields = dict[str, Json]

NAME = "langsmith"
_MODELS = frozenset({"llm", "chat_model"})


def read(given: Given, notes: Notes) -> Iterator[Interaction]:
    """The calls of the runs."""
    families = Families(_kin(run) for value in records(given.path, Notes()) for run in _runs(value.json))
    for value in records(given.path, notes):
        for run in _runs(value.json):
            if text(run.get("run_type")) not in _MODELS:
                notes.pass_over()
                continue
            try:
                families.check("", text(run.get("id")))
                yield interaction_of(_traced(run, notes), notes)
            except LeftOut as reason:
                notes.leave(str(reason))
            except RecursionError:
                notes.leave("it is nested too deeply")


def _runs(record: Json, depth: int = 0) -> Iterator[Fields]:
    """A run and those below it."""
    run = fields(record)
    yield run
    if depth < _DEEPEST:
        for child in objects(run.get("child_runs") or []):
            yield from _runs(child, depth + 1)


_DEEPEST = 100


def _kin(run: Fields) -> Kin:
    has_reply = bool(json_in(run.get("outputs")) or run.get("error"))
    tells = text(run.get("run_type")) in _MODELS and has_reply and bool(json_in(run.get("inputs")))
    is_tool = run.get("run_type") == "tool"
    ids = ("", text(run.get("id")), text(run.get("parent_run_id")))
    return Kin(*ids, tells, is_tool=is_tool, failed=bool(run.get("error")))


def _traced(run: Fields, notes: Notes) -> Traced:
    extra = fields(whole_json(run.get("extra")))
    more = fields(extra.get("metadata"))
    outputs = fields(whole_json(run.get("outputs")))
    when = _when(run)
    asked = _asked(run, extra, more, notes)
    base = Traced(
        NAME,
        streamed(asked, True if when.first is not None else None),
        provider=_provider(extra, more),
        dialect=_dialect(asked, extra, more, outputs),
        when=when,
        trace=text(run.get("trace_id")),
        span=text(run.get("id")),
        parent=text(run.get("parent_run_id")),
        name=text(run.get("name")),
        about=_about(run, more),
    )
    if error := text(run.get("error")):
        return replace(base, failure=_failure(error))
    reply = reply_of(_said(outputs), notes)
    if reply is None:
        raise LeftOut(NO_REPLY)
    model = text(more.get("ls_model_name")) or asked.model
    id = text(outputs.get("id")) or text(_response(outputs).get("id"))
    return replace(
        base, reply=completed(reply, model=model, usage=usage_of(_usage(run, outputs, more)), id=id)
    )


def _failure(error: str) -> Failure:
    """`RateLimitError('Error code: 429 - ...')`, and a traceback behind it."""
    kind, opened, message = error.partition("\n")[0].partition("(")
    if not opened or not kind.isidentifier():
        return failure_of("", error)
    return failure_of(kind, message.removesuffix(")").strip("'\""))


def _asked(run: Fields, extra: Fields, more: Fields, notes: Notes) -> Conversation:
    inputs = fields(whole_json(run.get("inputs")))
    given = fields(extra.get("invocation_params"))
    model = text(more.get("ls_model_name")) or text(given.get("model")) or None
    sent = sent_body(inputs, _provider(extra, more), model) if "invocation_params" not in extra else None
    if sent is not None:
        return sent
    said = next((inputs[name] for name in _MESSAGES if inputs.get(name)), None)
    if isinstance(said, list) and len(said) == 1 and isinstance(said[0], list):
        said = said[0]  # LangChain asks in batches, each run is one of them
    around = {name: value for name, value in inputs.items() if name not in _MESSAGES and name != "system"}
    given = {**_told(more), **around, **given}
    system = inputs.get("system") or inputs.get("instructions")
    return asked_of(
        said, given, notes, "openai.chat", system=system, model=model or text(inputs.get("model"))
    )


_MESSAGES = ("messages", "input", "prompts", "prompt", "contents")


def _told(more: Fields) -> Fields:
    """What the metadata says of parameters, for runs that say it nowhere else."""
    names = {"ls_temperature": "temperature", "ls_max_tokens": "max_tokens", "ls_stop": "stop"}
    return {name: more.get(own) for own, name in names.items() if more.get(own) is not None}


def _said(outputs: Fields) -> Json:
    """The reply: a body, LangChain's generations, or a message under some name."""
    told: Json = outputs
    if "generations" in outputs:
        first = at(outputs, "generations", 0)
        told = {"generations": first if isinstance(first, list) else outputs["generations"]}
    elif outputs.keys() <= {"output", "usage_metadata"}:
        told = outputs.get("output")
    return told


def _response(outputs: Fields) -> Fields:
    """What LangChain keeps of the reply beside its message."""
    message = at(outputs, "generations", 0, 0, "message")
    return fields(unwrapped(fields(message)).get("response_metadata"))


def _usage(run: Fields, outputs: Fields, more: Fields) -> Json:
    message = unwrapped(fields(at(outputs, "generations", 0, 0, "message")))
    counts = {name: run.get(name) for name in ("prompt_tokens", "completion_tokens")}
    places = (
        outputs.get("usage_metadata"),
        message.get("usage_metadata"),
        more.get("usage_metadata"),
        at(outputs, "llm_output", "token_usage"),
        outputs.get("usage"),
        counts,
    )
    return next((told for told in places if isinstance(told, dict) and any(told.values())), None)


def _provider(extra: Fields, more: Fields) -> str:
    kind = text(fields(extra.get("invocation_params")).get("_type"))
    return text(more.get("ls_provider")) or kind.removesuffix("-chat")


def _dialect(asked: Conversation, extra: Fields, more: Fields, outputs: Fields) -> str | None:
    if asked.origin is not None:
        return asked.origin.protocol
    given = (fields(extra.get("invocation_params")), fields(more.get("ls_invocation_params")))
    by_id = text(_response(outputs).get("id")).startswith("resp_")
    return "openai.responses" if by_id or any(one.get("use_responses_api") is True for one in given) else None


def _when(run: Fields) -> When:
    start, end = moment(run.get("start_time")), moment(run.get("end_time"))
    tokens = (
        moment(one.get("time")) for one in objects(run.get("events") or []) if one.get("name") == "new_token"
    )
    first = moment(run.get("first_token_time")) or next(tokens, None)
    is_later = first is not None and start is not None and first >= start
    return When(start, end, first - start if is_later and first is not None and start is not None else None)


def _about(run: Fields, more: Fields) -> Fields:
    told: Fields = {
        name: value
        for name, value in more.items()
        if isinstance(value, str | int | float | bool)
        and not name.startswith(_OWN)
        and name not in _PARAMETERS
    }
    tags: list[Json] = [
        tag for tag in _list(run.get("tags")) if isinstance(tag, str) and not tag.startswith("seq:")
    ]
    if tags:
        told["tags"] = tags
    if project := text(run.get("session_name")):
        told["project"] = project
    return told


_OWN = ("ls_", "lc_", "_", "langgraph_", "revision_id", "checkpoint")
_PARAMETERS = frozenset(
    {"model", "model_name", "stream", "stop", "max_tokens", "temperature", "top_k", "top_p", "streaming"}
    | {"max_retries", "default_request_timeout", "thinking", "output_config", "n", "seed"}
)
"""LangChain repeats the parameters in the metadata."""


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _knows(record: Json) -> bool:
    told = fields(record)
    return isinstance(told.get("run_type"), str) and ("inputs" in told or "outputs" in told)


LANGSMITH = Format(NAME, "runs of LangSmith", (".json", ".jsonl", ".jsonl.gz", ".csv"), _knows, read)
