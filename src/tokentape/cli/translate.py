"""`tokentape translate`: a request, a reply or a stream in another dialect, and what it loses."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from typing import TYPE_CHECKING

import click

from tokentape.cli.text import safe
from tokentape.errors import UnsupportedFeature, UsageError
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.compatible import named_quirks
from tokentape.protocols.detection import dialect_of_reply, dialect_of_request
from tokentape.protocols.quirks import NO_QUIRKS
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import codec_of, translate_reply, translate_request
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import LossReport
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


@click.command("translate", short_help="a request or reply in another dialect, and what it loses")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--to", "to", required=True, metavar="DIALECT", help="anthropic, chat, responses, gemini ...")
@click.option("--from", "given", metavar="DIALECT", help="the dialect of FILE; told by its shape if left out")
@click.option("--model", metavar="NAME", help="the model to ask; that of FILE if left out")
@click.option("--server", metavar="NAME", help="the server to ask, where it differs: mistral, groq, vllm ...")
@click.option("--reply", "kind", flag_value="reply", help="FILE is a reply")
@click.option(
    "--stream", "kind", flag_value="stream", help="FILE is a streamed reply, as it went over the wire"
)
@click.option("--allow-losses", is_flag=True, help="also where the meaning changes")
@click.option("--json", "as_json", is_flag=True, help="print JSON: the result and the losses")
def command(
    file: str,
    to: str,
    given: str | None,
    model: str | None,
    server: str | None,
    kind: str | None,
    allow_losses: bool,
    as_json: bool,
) -> None:
    """Translate FILE (JSON; - for standard input), a request body unless --reply or --stream is given.

    The result goes to standard output, the loss report to standard error. A loss that changes the meaning
    of a request is refused, with exit code 1, unless --allow-losses is given.
    """
    data = _read(file)
    quirks = NO_QUIRKS if server is None else named_quirks(server)
    target = Target(codec_of(to).dialect, model, quirks=quirks)
    if kind == "stream":
        if given is None:
            raise UsageError(f"a stream does not tell its dialect; add --from with one of {_NAMES}")
        _stream(data, Source(codec_of(given).dialect), target, as_json)
        return
    body = _body(data, file)
    source = Source(codec_of(given).dialect if given else _told(body, file, is_reply=kind == "reply"))
    if kind == "reply":
        reply = translate_reply(body, source, target, allow_losses=True)
        _print(source, target, {"body": reply.result}, reply.losses, as_json)
        return
    try:
        request = translate_request(body, source, target, allow_losses=allow_losses)
    except UnsupportedFeature as error:
        if as_json:
            _print(source, target, {"body": None}, error.losses, as_json)
        raise click.ClickException(f"{error}; to translate it all the same: --allow-losses") from None
    where = request.result.path + (f"?{request.result.query}" if request.result.query else "")
    _print(source, target, {"path": where, "body": request.result.body}, request.losses, as_json)


_NAMES = "chat, responses, anthropic, gemini, converse, ollama, cohere"


def _told(body: Fields, file: str, *, is_reply: bool) -> str:
    """The dialect that the shape of a body tells."""
    tell, other, instead = (
        (dialect_of_reply, dialect_of_request, "a request: leave out --reply")
        if is_reply
        else (dialect_of_request, dialect_of_reply, "a reply: add --reply")
    )
    if (found := tell(body)) is not None:
        return found
    if other(body) is not None:
        raise UsageError(f"{file}: this looks like {instead}")
    raise UsageError(f"{file}: its shape does not tell the dialect; add --from with one of {_NAMES}")


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None


def _body(data: bytes, file: str) -> Fields:
    try:
        body = parse(data)
    except JsonError as error:
        raise UsageError(f"{file}: {error}") from None
    if not isinstance(body, dict):
        raise UsageError(f"{file}: not a JSON object, so no request and no reply")
    return body


def _stream(data: bytes, source: Source, target: Target, as_json: bool) -> None:
    translator = StreamTranslator(source, target)
    written = translator.feed(data) + translator.end()
    if as_json:
        _print(source, target, _shown(written), translator.losses, as_json)
        return
    sys.stdout.buffer.write(written)
    _report(translator.losses)


def _shown(written: bytes) -> Fields:
    """The stream as text; one of frames that are none (Bedrock's) as base64."""
    try:
        return {"stream": written.decode()}
    except UnicodeDecodeError:
        return {"stream_base64": b64encode(written).decode()}


def _print(source: Source, target: Target, found: Fields, losses: LossReport, as_json: bool) -> None:
    if as_json:
        told: Fields = {"from": source.dialect, "to": target.dialect, **found}
        told["losses"] = [
            {"path": loss.path, "what": loss.what, "why": loss.why, "severity": loss.severity.value}
            for loss in losses
        ]
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    click.echo(json.dumps(found["body"], indent=2, ensure_ascii=False))
    path = f", to {found['path']}" if "path" in found else ""
    click.echo(f"{source.dialect} -> {target.dialect}{path}", err=True)
    _report(losses)


def _report(losses: LossReport) -> None:
    if not losses:
        click.echo("nothing is lost", err=True)
    for loss in losses:
        click.echo(safe(f"lost ({loss.severity}): {loss.path or 'whole'}: {loss.what}: {loss.why}"), err=True)
