"""Batches: a file of requests and a file of their results, joined by `custom_id`.

    {"custom_id": ..., "url": "/v1/chat/completions", "body": {...}}                  requests of OpenAI
    {"custom_id": ..., "response": {"status_code": 200, "body": {...}}}               and results
    {"custom_id": ..., "params": {...}}                                               requests of Anthropic
    {"custom_id": ..., "result": {"type": "succeeded", "message": {...}}}             and results

Bodies are those of the API; addresses, headers and times are not in the files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.importers.format import Format
from tokentape.cassettes.importers.notes import LeftOut
from tokentape.cassettes.importers.records import records
from tokentape.cassettes.importers.requested import requested
from tokentape.errors import UsageError
from tokentape.protocols.reading import at, fields, number, text
from tokentape.protocols.unfolding import dumped
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.jsontext import JsonError
from tokentape.wire.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.cassettes.importers.format import Given
    from tokentape.cassettes.importers.notes import Notes
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

OPENAI, ANTHROPIC = "openai-batch", "anthropic-batch"
MADE = "of a batch: the bodies are those of the API; addresses, headers and times are not in its files"


def _read(given: Given, notes: Notes) -> Iterator[Interaction]:
    if given.requests is None:
        raise UsageError(
            f"{given.path}: the results of a batch; name the file of its requests with --requests"
        )
    with requested(given.requests, notes) as sent:
        for value in records(given.path, notes):
            result = fields(value.json)
            if not ("response" in result or "result" in result or "error" in result):
                notes.pass_over()
                continue
            name = text(result.get("custom_id"))
            try:
                interaction = _interaction(sent.take(name), result)
            except LeftOut as reason:
                notes.leave(str(reason))
            except (JsonError, RecursionError):
                notes.leave("it is nested too deeply")
            else:
                notes.say(MADE)
                yield interaction
        for _ in range(sent.left):
            notes.leave("its request has no result")


def _interaction(sent: Fields, result: Fields) -> Interaction:
    is_anthropic = "params" in sent
    status, reply = _message(result) if is_anthropic else _response(result)
    body = fields(sent.get("params" if is_anthropic else "body"))
    path = "/v1/messages" if is_anthropic else text(sent.get("url"))
    if not body or not path.startswith("/") or not path.isprintable() or " " in path:
        raise LeftOut("its request cannot be read")
    base = "https://api.anthropic.com" if is_anthropic else "https://api.openai.com"
    version = (("anthropic-version", "2023-06-01"),) if is_anthropic else ()
    data = dumped(reply)
    request = Request("POST", base + path, (("content-type", "application/json"), *version), dumped(body))
    response = Response(status, "", (("content-type", "application/json"),), data, (len(data),))
    name = ANTHROPIC if is_anthropic else OPENAI
    told: Json = {"format": name, "custom_id": result.get("custom_id")}
    if isinstance(result.get("id"), str):
        told = {**fields(told), "id": result["id"]}
    ended = Ended(How.EOF)
    return Interaction("", request, response, ended, Timing(""), origin=name, metadata={"imported": told})


def _response(result: Fields) -> tuple[int, Json]:
    """OpenAI's. Raises `LeftOut` for a request that was never answered."""
    response = fields(result.get("response"))
    status, body = number(response.get("status_code")), response.get("body")
    if status is None or not 100 <= status < 600 or not isinstance(body, dict):
        code = text(at(result, "error", "code")) or "no word why"
        raise LeftOut(f"its request was not answered ({code})")
    return status, body


_STATUS = {
    "invalid_request_error": 400, "authentication_error": 401, "permission_error": 403,
    "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "api_error": 500,
    "timeout_error": 504, "overloaded_error": 529,
}  # fmt: skip


def _message(result: Fields) -> tuple[int, Json]:
    """Anthropic's."""
    told = fields(result.get("result"))
    message, error = told.get("message"), told.get("error")
    if told.get("type") == "succeeded" and isinstance(message, dict):
        return 200, message
    if told.get("type") == "errored" and isinstance(error, dict):
        whole: Json = error if error.get("type") == "error" else {"type": "error", "error": error}
        return _STATUS.get(text(at(whole, "error", "type")), 500), whole
    raise LeftOut(f"its request was not answered ({text(told.get('type')) or 'no word why'})")


def _knows_openai(record: Json) -> bool:
    told = fields(record)
    return "custom_id" in told and ("response" in told or ("url" in told and "body" in told))


def _knows_anthropic(record: Json) -> bool:
    told = fields(record)
    return "custom_id" in told and ("result" in told or "params" in told)


_ENDINGS = (".jsonl", ".ndjson", ".jsonl.gz")

OPENAI_BATCH = Format(OPENAI, "results of an OpenAI batch", _ENDINGS, _knows_openai, _read, pairs=True)
ANTHROPIC_BATCH = Format(
    ANTHROPIC, "results of an Anthropic batch", _ENDINGS, _knows_anthropic, _read, pairs=True
)
