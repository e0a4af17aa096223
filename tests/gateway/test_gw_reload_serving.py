"""A gateway that serves gets another configuration, and loses no call by it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

pytest.importorskip("pydantic")
pytest.importorskip("uvicorn")
pytest.importorskip("aiohttp")

from gw_processes import ended

from tokentape.testing.provider import Finish, Provider, Script, Send, SendHead, Stall

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal here")

CONFIG = """
[record]
enabled = false
[upstreams.one]
dialect = "openai.chat"
base_url = "{url}/v1"
[models.{alias}]
to = "one/gpt-5"
"""


class Serving:
    """`tokentape serve` in a process of its own; what it logs is read line by line."""

    def __init__(self, folder, *options):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TOKENTAPE_")}
        environment.pop("CI", None)
        code = "from tokentape.cli.main import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "serve", "--config", "gateway.toml", "--port", "0", *options],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        line = self.process.stdout.readline()
        assert "listening on" in line, line + self.process.stderr.read()
        self.url = line.rpartition(" ")[2].strip()

    def hang_up(self, until):
        """Ask for the configuration to be read, and wait for what it says; the lines up to there."""
        self.process.send_signal(signal.SIGHUP)
        lines = []
        while not lines or until not in lines[-1]:
            lines.append(self.process.stderr.readline())
            assert lines[-1], "the gateway ended"
        return "".join(lines)

    def ask(self, model, **more):
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}
        request = urllib.request.Request(
            f"{self.url}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        return urllib.request.urlopen(request, timeout=60)

    def close(self):
        ended(self.process)

    def watched(self, *until):
        """Lines of the log until each of these texts has come, in any order."""
        waiting, lines = list(until), []
        while waiting:
            lines.append(self.process.stderr.readline())
            assert lines[-1], "the gateway ended"
            found = next((text for text in waiting if text in lines[-1]), None)
            if found is not None:
                waiting.remove(found)
        return "".join(lines)


@pytest.fixture
def provider():
    with Provider() as provider:
        yield provider


@pytest.fixture
def serving(tmp_path, provider):
    (tmp_path / "gateway.toml").write_text(CONFIG.format(url=provider.url, alias="fast"))
    serving = Serving(tmp_path)
    yield serving
    serving.close()


def refusal(serving, model):
    with pytest.raises(urllib.error.HTTPError) as told:
        serving.ask(model)
    with told.value as reply:
        return reply.code, json.loads(reply.read())["error"]["message"]


def test_another_configuration_while_it_serves(tmp_path, provider, serving):
    path = tmp_path / "gateway.toml"
    with serving.ask("fast") as reply:
        assert reply.headers["X-Tokentape-Upstream"] == "one/gpt-5"
    path.write_text(CONFIG.format(url=provider.url, alias="quick"))
    serving.hang_up("is in force")
    with serving.ask("quick") as reply:
        assert reply.headers["X-Tokentape-Upstream"] == "one/gpt-5"
    path.write_text(
        CONFIG.format(url=provider.url, alias="third") + 'set = { tempertur = 1 }\nlisted = "no"\n'
    )
    told = serving.hang_up("models.third.listed")
    assert "refused; the configuration in force stays" in told
    with serving.ask("quick") as reply:
        assert reply.status == 200


def test_a_call_that_runs_ends_as_it_began(tmp_path, provider, serving):
    go_on = threading.Event()
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5"}

    def event(delta, reason=None):
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n".encode()

    provider.play(
        Script.of(
            SendHead(200, (("Content-Type", "text/event-stream"),)),
            Send(event({"role": "assistant", "content": "first"})),
            Stall(go_on),
            Send(event({"content": " second"}) + event({}, "stop") + b"data: [DONE]\n\n"),
            Finish(),
        )
    )
    with serving.ask("fast", stream=True) as reply:
        line = reply.readline()
        while b"first" not in line:
            line = reply.readline()
        (tmp_path / "gateway.toml").write_text(
            CONFIG.format(url="http://127.0.0.1:9", alias="quick")
            .replace("upstreams.one", "upstreams.two")
            .replace("one/", "two/")
        )
        serving.hang_up("is in force")
        go_on.set()
        rest = reply.read()
    assert b"second" in rest
    assert rest.rstrip().endswith(b"[DONE]")
    code, message = refusal(serving, "one/gpt-5")
    assert code >= 400, message


def test_each_of_several_workers_sees_another_configuration(tmp_path, provider):
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG.format(url=provider.url, alias="fast"))
    serving = Serving(tmp_path, "--workers", "2")
    try:
        serving.watched("is in force", "is in force")
        with serving.ask("fast") as reply:
            assert reply.status == 200
        path.write_text(CONFIG.format(url=provider.url, alias="quick"))
        serving.watched("is in force", "is in force")
        for _ in range(4):
            with serving.ask("quick") as reply:
                assert reply.headers["X-Tokentape-Upstream"] == "one/gpt-5"
        path.write_text(CONFIG.format(url=provider.url, alias="third") + "listed = 1")
        refused = "models.third.listed: 1 does not fit"
        serving.watched(refused, refused)
        serving.process.send_signal(signal.SIGHUP)
        serving.watched(refused, refused)
        with serving.ask("quick") as reply:
            assert reply.status == 200
    finally:
        serving.close()
