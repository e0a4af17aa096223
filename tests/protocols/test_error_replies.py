"""Native error replies: the real SDKs send once and show the text."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tokentape.protocols.dialect import Kind, Operation
from tokentape.protocols.registry import UNKNOWN, error_reply, recognise
from tokentape.protocols.table import BUILT_IN
from tokentape.wire.message import Request

TEXT = "no recording fits this call: messages[1].content differs, 'Paris' against \"Rome\" (1 < 2 & 3)"


@contextmanager
def answering(message=TEXT):
    """A server that answers every request with the error reply of the dialect it recognises."""
    seen = []

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            host = self.headers["host"]
            operation = recognise(Request("POST", f"http://{host}{self.path}", (), body)).operation
            reply = error_reply(operation, message)
            seen.append(operation.full_name)
            self.send_response(reply.status, reply.reason)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def shown(call):
    """The text of what `call` raises."""
    with pytest.raises(Exception) as caught:
        call()
    return f"{caught.value}\n{caught.value!r}", caught.value


QUOTED = json.dumps(TEXT)[1:-1]


def shows(text):
    """True if the message is in `text`, as it is or as SDKs quote it."""
    return any(form in text for form in (TEXT, QUOTED, repr(TEXT)[1:-1]))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("api", ["chat", "responses", "embeddings"])
def test_openai(api, stream):
    openai = pytest.importorskip("openai")
    with answering() as (url, seen):
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="k")
        calls = {
            "chat": lambda: client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "Hi"}], stream=stream
            ),
            "responses": lambda: client.responses.create(model="m", input="Hi", stream=stream),
            "embeddings": lambda: client.embeddings.create(model="m", input="Hi"),
        }
        text, error = shown(calls[api])
        client.close()
    assert seen == [f"openai.{api}/create"]
    assert isinstance(error, openai.BadRequestError)
    assert shows(str(error)), text
    assert error.body["message"] == TEXT


@pytest.mark.parametrize("stream", [False, True])
def test_anthropic(stream):
    anthropic = pytest.importorskip("anthropic")
    with answering() as (url, seen):
        client = anthropic.Anthropic(base_url=url, api_key="k")
        message = {"role": "user", "content": "Hi"}
        text, error = shown(
            lambda: client.messages.create(model="m", max_tokens=9, messages=[message], stream=stream)
        )
        client.close()
    assert seen == ["anthropic.messages/create"]
    assert isinstance(error, anthropic.BadRequestError)
    assert shows(str(error)), text
    assert error.body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("stream", [False, True])
def test_google_genai(stream):
    genai = pytest.importorskip("google.genai")
    from google.genai import errors

    with answering() as (url, seen):
        client = genai.Client(api_key="k", http_options={"base_url": url})
        if stream:
            text, error = shown(lambda: list(client.models.generate_content_stream(model="g", contents="Hi")))
        else:
            text, error = shown(lambda: client.models.generate_content(model="g", contents="Hi"))
        client.close()
    assert seen == ["gemini/streamGenerateContent" if stream else "gemini/generateContent"]
    assert isinstance(error, errors.ClientError)
    assert shows(str(error)), text
    assert (error.code, error.status) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("stream", [False, True])
def test_mistral(stream):
    client_module = pytest.importorskip("mistralai.client")
    with answering() as (url, seen), client_module.Mistral(api_key="k", server_url=url) as client:
        ask = client.chat.stream if stream else client.chat.complete
        text, _ = shown(lambda: ask(model="m", messages=[{"role": "user", "content": "Hi"}]))
    assert seen == ["openai.chat/create"]
    assert shows(text), text


@pytest.mark.parametrize("operation", ["converse", "converse_stream", "invoke_model"])
def test_botocore(operation, monkeypatch):
    session = pytest.importorskip("botocore.session")
    from botocore.exceptions import ClientError

    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with answering() as (url, seen):
        client = session.Session().create_client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id="k",
            aws_secret_access_key="s",
        )
        more = (
            {"body": b"{}"}
            if operation == "invoke_model"
            else {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
        )
        text, error = shown(lambda: getattr(client, operation)(modelId="a.b-v1:0", **more))
        client.close()
    assert len(seen) == 1
    assert isinstance(error, ClientError)
    assert error.response["Error"]["Code"] == "ValidationException"
    assert TEXT in str(error), text


@pytest.mark.parametrize("status", [400, 404, 500])
@pytest.mark.parametrize("name", [*BUILT_IN, "http", "unheard.of"])
def test_every_dialect_says_it_in_all_places(name, status):
    reply = error_reply(Operation(name, "create", Kind.GENERATE), TEXT, status=status)
    body = json.loads(reply.body)
    assert reply.status == status
    assert (body["message"], body["detail"]) == (TEXT, TEXT)
    assert reply.header("x-should-retry") == "false"
    assert reply.header("content-type") == "application/json"
    assert reply.header("content-length") == str(len(reply.body)) == str(sum(reply.chunks))


SHAPES = {
    "openai.chat": {"error": {"message": "m", "type": "invalid_request_error", "param": None, "code": None}},
    "openai.responses": {
        "error": {"message": "m", "type": "invalid_request_error", "param": None, "code": None}
    },
    "anthropic.messages": {"type": "error", "error": {"type": "invalid_request_error", "message": "m"}},
    "gemini": {"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT"}},
    "bedrock.converse": {"__type": "ValidationException", "message": "m"},
    "ollama": {"error": "m"},
    "cohere": {"message": "m"},
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name):
    body = json.loads(error_reply(Operation(name, "create", Kind.GENERATE), "m").body)
    assert SHAPES[name].items() <= body.items()


def test_unknown_http_is_answered_like_openai():
    body = json.loads(error_reply(UNKNOWN, "m").body)
    assert body["error"]["message"] == "m"


def test_lone_surrogates_and_control_characters_fit_in_json():
    assert json.loads(error_reply(UNKNOWN, "a\ud800\x00\n").body)["message"] == "a\ud800\x00\n"
