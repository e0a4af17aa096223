"""`tokentape serve`: what is wrong is told before anything starts, and what is printed is in force."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tomllib
import urllib.request

import pytest

pytest.importorskip("pydantic")
pytest.importorskip("uvicorn")
pytest.importorskip("aiohttp")

from cli_runs import BARE, COMMAND, done, refused, run

A = '[upstreams.a]\ndialect = "openai.chat"\nbase_url = "https://a.test/v1"\nmodels = ["m"]\n'


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "gateway.toml"
    path.write_text(A)
    return path


def test_check(file):
    assert (
        done("serve", "--check", "--config", file)
        == f"{file}: nothing is wrong; 1 upstream, 2 names for models\n"
    )


def test_check_without_a_file(file):
    assert done("serve", "--check").startswith("no file: nothing is wrong; no upstream is configured")


def test_the_file_of_the_environment(file):
    assert "1 upstream" in done("serve", "--check", TOKENTAPE_CONFIG=str(file))


def test_every_error_is_told(file):
    file.write_text('[server]\nport = "x"\n[upstreams.a]\nkeys = ["sk-live-51H", "env:NO"]\n')
    for option in ("--check", "--print-config"):
        result = run("serve", option, "--config", file)
        assert (result.returncode, result.stdout) == (2, "")
        first, *lines = result.stderr.splitlines()
        assert first == f"tokentape: {file}:"
        assert [line.split(":")[0] for line in lines] == ["  server.port", "  upstreams.a.keys[0].key"]
        assert "51H" not in result.stderr


def test_a_missing_variable_is_an_error_of_the_check(file):
    file.write_text(A + 'keys = ["env:TOKENTAPE_TEST_NO_KEY"]')
    result = run("serve", "--check", "--config", file)
    assert result.returncode == 2
    assert "upstreams.a.keys[0]: the variable TOKENTAPE_TEST_NO_KEY is not set" in result.stderr
    assert run("serve", "--print-config", "--config", file).returncode == 0


def test_it_does_not_start_with_a_bad_file(file):
    file.write_text("[server]\nprot = 1")
    result = run("serve", "--config", file)
    assert result.returncode == 2
    assert "server.prot: unknown key; did you mean 'port'?" in result.stderr


def test_warnings_are_told(file):
    key = file.parent / "key"
    key.write_text("sk-of-a-file")
    key.chmod(0o644)
    file.write_text(A + 'keys = "file:key"')
    result = run("serve", "--check", "--config", file)
    assert result.returncode == 0
    if os.name != "nt":
        assert (
            result.stderr
            == f"tokentape: upstreams.a.keys[0]: {key} can be read by everybody here; chmod 600 it\n"
        )


def test_print_config(file):
    file.write_text(A + 'keys = ["env:KEY"]\n[server]\nport = 1\n')
    text = done(
        "serve", "--print-config", "--config", file, "--host", "localhost", "--workers", "2", "--cassette", "tape",
        "--mode", "none", "--no-record", "--log-level", "debug", KEY="sk-live-51H", TOKENTAPE_PORT="7",
    )  # fmt: skip
    printed = tomllib.loads(text)
    assert "51H" not in text
    assert "# env:KEY (set)" in text
    server, record = printed["server"], printed["record"]
    assert (server["host"], server["port"], server["workers"], server["log_level"]) == (
        "localhost",
        7,
        2,
        "debug",
    )
    assert (record["cassette"], record["mode"], record["enabled"]) == ("tape", "none", False)


def test_options_win_over_the_environment(file):
    environment = {"TOKENTAPE_HOST": "::1", "TOKENTAPE_PORT": "5"}
    printed = tomllib.loads(done("serve", "--print-config", "--port", "6", **environment))
    assert (printed["server"]["host"], printed["server"]["port"]) == ("::1", 6)


def test_a_bad_port_in_the_environment(file):
    result = run("serve", "--check", TOKENTAPE_PORT="eighty")
    assert (result.returncode, result.stderr) == (
        2,
        "tokentape: TOKENTAPE_PORT='eighty' is no port; use a number from 0 to 65535\n",
    )


def test_a_bad_mode(file):
    result = run("serve", "--check", "--mode", "onec")
    assert result.returncode == 2
    assert "record.mode: unknown record mode 'onec'" in result.stderr


def test_the_demo_has_a_configuration_of_its_own(file):
    assert "--demo has a configuration of its own" in refused("serve", "--demo", "--config", file)
    assert "4 upstreams" in done("serve", "--demo", "--check")


@pytest.mark.parametrize("name", ["pydantic", "uvicorn", "aiohttp", "httptools", "websockets"])
def test_without_the_extra(file, name):
    code = f"import sys; sys.modules['{name}'] = None; from tokentape.cli.main import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code, "serve", "--check"],
        capture_output=True,
        text=True,
        check=False,
        env=BARE,
    )
    assert result.returncode == 2
    assert result.stderr == (
        f"tokentape: the gateway needs {name}, which is not installed: pip install 'tokentape[gateway]'\n"
    )


def test_a_port_that_is_taken(file):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", port)
    assert result.returncode == 2
    assert result.stderr.startswith(f"tokentape: cannot listen on 127.0.0.1:{port}: ")
    assert result.stderr.endswith("; choose another --port\n")
    assert result.stderr.count(str(port)) == 1


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_it_serves_until_it_is_told_to_stop(file):
    process = subprocess.Popen(
        [*COMMAND, "serve", "--demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=BARE,
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("tokentape: listening on http://127.0.0.1:"), line + process.stderr.read()
        url = line.rpartition(" ")[2].strip()
        more = [process.stdout.readline() for _ in range(4)]
        assert more[0].startswith("tokentape: replays cassettes/gateway.json, and records there what is new")
        assert more[1] == "tokentape: asks a bundled provider, which needs no key\n"
        assert f"OPENAI_BASE_URL={url}/v1" in more[2]
        assert "tokentape trace" in more[3]
        request = urllib.request.Request(
            f"{url}/v1/chat/completions",
            b'{"model": "claude-x", "messages": [{"role": "user", "content": "hi"}]}',
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            assert reply.headers["X-Tokentape-Upstream"] == "anthropic/claude-x"
            assert b'"chat.completion"' in reply.read()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert (file.parent / "cassettes" / "gateway.json").exists()
