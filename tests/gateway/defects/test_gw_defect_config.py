"""systems.md, the gateway's "config": keys that were printed, prices that failed calls, sections without use."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from defect_kit import post
from gw_processes import ended
from running import running, setup, upstream

pytest.importorskip("pydantic")

from tokentape.cli.main import tokentape
from tokentape.gateway.config.building import build
from tokentape.gateway.config.reading import ConfigError, read_text
from tokentape.gateway.safety import SafetyOptions
from tokentape.gateway.usage.options import UsageOptions
from tokentape.upstreams.upstream import Secret

KEY = "gateway-key-of-nobody-4711"
PROVIDERS = "provider-key-of-nobody-0815"
TOML = """
[server]
keys = ["env:PROXY_API_KEY"]
[upstreams.a]
preset = "openai"
keys = ["env:UP_KEY"]
"""
OPEN = '[upstreams.a]\ndialect = "openai.chat"\nbase_url = "https://a.test"\n'
CASES = {"--print-config": ["--print-config"], "--check": ["--check"]}


@pytest.mark.parametrize("how", CASES)
def test_full_proxy_api_key_printed(tmp_path, monkeypatch, how):
    monkeypatch.setenv("PROXY_API_KEY", KEY)
    monkeypatch.setenv("UP_KEY", PROVIDERS)
    (tmp_path / "gateway.toml").write_text(TOML)
    told = CliRunner().invoke(tokentape, ["serve", "--config", str(tmp_path / "gateway.toml"), *CASES[how]])
    assert told.exit_code == 0, told.output
    assert KEY not in told.output
    assert PROVIDERS not in told.output


def test_no_key_is_printed_at_the_start(tmp_path):
    """A gateway that starts and is stopped by the system shows no key, on either stream."""
    (tmp_path / "gateway.toml").write_text(
        TOML.replace("[server]", "[server]\nport = 0\nlog_level = 'debug'")
    )
    env = {**os.environ, "PROXY_API_KEY": KEY, "UP_KEY": PROVIDERS}
    command = [sys.executable, "-m", "tokentape", "serve", "--config", "gateway.toml"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    first = process.stdout.readline()
    rest = ended(process)
    assert first
    assert KEY not in first + rest
    assert PROVIDERS not in first + rest


def test_bad_price_env_failed_requests(provider):
    """A price that is none is told at the start, with its place; no request meets it."""
    for bad in ('"much"', "-1", "nan"):
        with pytest.raises(ConfigError, match=r"prices\.\S*m"):
            build(read_text(f"[prices.m]\ninput = {bad}\n{TOML}"))
    # and a model that nobody has a price for is asked all the same
    with running(setup(upstream(provider.url)), usage=UsageOptions(directory=None, prices={})) as gateway:
        assert post(gateway, "openai.chat").status_code == 200


def test_accepted_but_dead_providers_section():
    """What nobody reads is refused."""
    with pytest.raises(ConfigError, match="providers: unknown key"):
        build(read_text(f"[providers.a]\nbase_url = 'https://a.test'\n{TOML}"))


@pytest.mark.parametrize("name", ["api_key", "key", "secret", "token", "password"])
def test_secret_names_refused(name):
    """A secret stands in the environment or in a file, and never in the configuration; it is not repeated."""
    with pytest.raises(ConfigError) as told:
        build(read_text(f'{OPEN}{name} = "{PROVIDERS}"\n'))
    assert name in str(told.value)
    assert PROVIDERS not in str(told.value)


def test_a_key_is_shown_in_no_reply(provider):
    made = setup(upstream(provider.url), safety=SafetyOptions(keys=(("team", Secret(KEY)),), salt=b"s"))
    with running(made) as gateway:
        wrong = post(gateway, "openai.chat", headers={"x-api-key": KEY[:-1]})
        right = post(gateway, "openai.chat", headers={"x-api-key": KEY})
    assert (wrong.status_code, right.status_code) == (401, 200)
    assert KEY[:-1] not in wrong.text
    assert not any(KEY in value for seen in provider.requests for _, value in seen.headers)
