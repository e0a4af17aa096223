"""boto3's bedrock-runtime client: botocore over urllib3."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import tokentape
from tokentape import ReplayMiss

boto3 = pytest.importorskip("boto3", reason="needs boto3")
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

MODEL = "anthropic.claude-3-5-sonnet-20240620-v1:0"
ASK = {"modelId": MODEL, "messages": [{"role": "user", "content": [{"text": "Capital of Norway?"}]}]}
TOOL = {"toolSpec": {"name": "weather", "inputSchema": {"json": {
    "type": "object", "properties": {"city": {"type": "string"}}}}}}  # fmt: skip
ANTHROPIC = json.dumps({
    "anthropic_version": "bedrock-2023-05-31", "max_tokens": 50,
    "messages": [{"role": "user", "content": "Capital of Norway?"}],
})  # fmt: skip


def client(url, **config):
    return boto3.client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE",
        config=Config(retries={"mode": "standard", "total_max_attempts": 3}, **config),
    )  # fmt: skip


def bare(reply):
    """The reply without what is not plain data; header fields and attempts are part of it."""
    return {name: value for name, value in reply.items() if name not in ("stream", "body")}


def text_of(reply):
    return reply["output"]["message"]["content"][0]["text"]


def test_converse(tape):
    reply = tape.twice(lambda url: client(url).converse(**ASK))
    assert text_of(reply) == "Answer 1 to: Capital of Norway?"
    assert "AKIA" not in tape.path.read_text()


def test_converse_stream_and_its_early_end(tape):
    def scenario(url):
        sdk = client(url)
        whole = sdk.converse_stream(**ASK)
        left = sdk.converse_stream(**ASK)
        first = next(iter(left["stream"]))
        left["stream"].close()
        return [bare(whole), list(whole["stream"]), first]

    events = tape.twice(scenario)[1]
    assert [next(iter(event)) for event in events][-1] == "metadata"


def test_tools_with_their_results(tape):
    def scenario(url):
        sdk = client(url)
        ask = {**ASK, "toolConfig": {"tools": [TOOL]}}
        called = sdk.converse(**ask)
        message = called["output"]["message"]
        result = {
            "toolUseId": message["content"][0]["toolUse"]["toolUseId"], "content": [{"text": "clear"}],
        }  # fmt: skip
        answer = {"role": "user", "content": [{"toolResult": result}]}
        streamed = sdk.converse_stream(**ask)
        return [called, sdk.converse(**{**ask, "messages": [*ASK["messages"], message, answer]}),
                list(streamed["stream"])]  # fmt: skip

    assert tape.twice(scenario)[0]["stopReason"] == "tool_use"


def test_invoke_model_and_its_stream(tape):
    def scenario(url):
        sdk = client(url)
        body = sdk.invoke_model(modelId=MODEL, body=ANTHROPIC)["body"].read()
        stream = sdk.invoke_model_with_response_stream(modelId=MODEL, body=ANTHROPIC)["body"]
        return [json.loads(body), [json.loads(event["chunk"]["bytes"]) for event in stream]]

    message, events = tape.twice(scenario)
    assert message["content"][0]["text"].startswith("Answer")
    assert events[-1]["type"] == "message_stop"


@pytest.mark.parametrize(
    ("status", "code"), [(400, "Validation"), (403, "AccessDenied"), (404, "ResourceNot")]
)
def test_R17_errors_are_the_same_exceptions(tape, status, code):
    tape.provider.fails(status, times=None)

    def scenario(url):
        with pytest.raises(ClientError) as caught:
            client(url).converse(**ASK)
        return [type(caught.value).__name__, str(caught.value), caught.value.response]

    assert tape.twice(scenario)[0] == f"{code}{'Found' if status == 404 else ''}Exception"


def test_503_503_200_are_three_attempts_in_this_order(tape, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    tape.provider.fails(503, times=2)
    reply = tape.twice(lambda url: client(url).converse(**ASK))
    assert reply["ResponseMetadata"]["RetryAttempts"] == 2
    assert text_of(reply).startswith("Answer")
    assert len(json.loads(tape.path.read_text())["interactions"]) == 3


def test_an_exception_inside_a_stream(tape):
    tape.provider.fails_midway(status=429)

    def scenario(url):
        with pytest.raises(Exception, match="throttling") as caught:
            list(client(url).converse_stream(**ASK)["stream"])
        return [type(caught.value).__name__, str(caught.value)]

    tape.twice(scenario)


def test_a_cut_stream_is_cut_again(tape):
    from tokentape.testing.provider.faults import cut

    tape.provider.changes(cut(after=3), times=None)

    def scenario(url):
        events = []
        with pytest.raises(Exception) as caught:
            events.extend(event for event in client(url).converse_stream(**ASK)["stream"])
        return [events, type(caught.value).__name__, str(caught.value).replace(url, "")]

    assert tape.twice(scenario)[0]


def test_expect_100_continue(tape):
    def scenario(url):
        sdk = client(url)
        sdk.meta.events.register(
            "before-send.bedrock-runtime.*",
            lambda request, **_: request.headers.__setitem__("Expect", "100-continue"),
        )
        return sdk.converse(**ASK)

    assert text_of(tape.twice(scenario)).startswith("Answer")


def test_R49_thirty_calls_in_threads(tape):
    def scenario(url):
        sdk = client(url, max_pool_connections=8)
        with ThreadPoolExecutor(8) as pool:
            return sorted(text_of(reply) for reply in pool.map(lambda _: sdk.converse(**ASK), range(30)))

    assert len(set(tape.twice(scenario))) == 30


def test_R14_a_miss_is_one_attempt_and_says_what_it_is(provider, tmp_path):
    path = tmp_path / "empty.json"
    with tokentape.use_cassette(path):
        pass
    with pytest.raises(ReplayMiss):
        with tokentape.use_cassette(path, mode="none"):
            with pytest.raises(ClientError, match="no recording"):
                client(provider.url).converse(**ASK)
    assert provider.count == 0


def test_the_real_host_replays_without_a_socket(provider, tmp_path, monkeypatch):
    """Recorded through an endpoint of one's own, replayed for the host of Amazon: the key knows no host."""
    path = tmp_path / "c.json"
    with tokentape.use_cassette(path):
        recorded = client(provider.url).converse_stream(**ASK)
        events = list(recorded["stream"])
    provider.stop()
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("connected"))
    with tokentape.use_cassette(path, mode="none"):
        assert list(client(None).converse_stream(**ASK)["stream"]) == events
