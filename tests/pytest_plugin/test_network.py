"""`--block-network` and `--allow-hosts`: a whole run in which nothing goes out."""

from __future__ import annotations

import sys

import pytest

OTHERS = ("randomly", "langsmith_plugin", "hypothesispytest", "cov", "asyncio", "anyio", "timeout")
"""Plugins that are none of our business, and slow to load."""

REACH = """
import contextlib, socket, subprocess, sys, pytest, tokentape

def reach(host="example.invalid"):
    socket.create_connection((host, 9), timeout=1)
"""


@pytest.fixture
def run(pytester, monkeypatch):
    def run(text, *args, **outcomes):
        pytester.makepyfile(REACH + text)
        without = [part for name in OTHERS for part in ("-p", f"no:{name}")]
        result = pytester.runpytest_subprocess("-q", *without, *args)
        if outcomes:
            result.assert_outcomes(**outcomes)
        return result

    return run


SWALLOWED = """
def test_raised():
    reach()

def test_swallowed():
    with contextlib.suppress(Exception):
        reach()

def test_swallowed_in_a_fixture(broken):
    pass

@pytest.fixture
def broken():
    with contextlib.suppress(Exception):
        reach()

def test_expected_to_fail_otherwise():
    with pytest.raises(tokentape.errors.NetworkBlocked):
        reach()

def test_quiet():
    socket.getaddrinfo("localhost", 80)
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["here", "xdist"])
def test_what_wants_out_fails_its_test(run, workers):
    if workers:
        pytest.importorskip("xdist")
    result = run(SWALLOWED, "--block-network", *workers, failed=3, errors=1, passed=1)
    result.stdout.fnmatch_lines(
        ["*NetworkBlocked: network blocked: the lookup of example.invalid, through test_*(--block-network)*"]
    )
    raised = result.stdout.str().partition("test_raised")[2].partition("test_swallowed")[0]
    assert "direct cause" not in raised


def test_what_a_module_wanted_while_it_was_collected_fails_the_run(run):
    result = run(
        "with contextlib.suppress(Exception):\n    reach()\n\ndef test_ok():\n    pass\n",
        "--block-network",
        passed=1,
    )
    assert result.ret == 1
    result.stdout.fnmatch_lines(["while collecting: network blocked: the lookup of example.invalid*"])


def test_hosts_are_allowed(run):
    text = "def test_it():\n    with pytest.raises(OSError):\n        reach('here.invalid')\n"
    run(
        text,
        "--block-network",
        "--tokentape-allow-hosts=a.example.com",
        "--allow-hosts=*.invalid,10.0.0.0/8",
        passed=1,
    )


def test_hosts_are_allowed_in_mode_none_too(run):
    text = """
def none(path):
    with tokentape.use_cassette(path, mode="once"):
        pass
    return tokentape.use_cassette(path, mode="none")

def test_allowed(tmp_path):
    with none(tmp_path / "a.json"), pytest.raises(OSError):
        reach("here.invalid")

def test_blocked(tmp_path):
    with none(tmp_path / "a.json"):
        reach("there.invalid")
"""
    run(text, "--allow-hosts=here.invalid", passed=1, failed=1)


def test_the_project_may_say_so(run, pytester):
    pytester.makepyprojecttoml('[tool.tokentape]\nblock_network = true\nallow_hosts = ["here.invalid"]\n')
    text = """
def test_blocked():
    reach()

def test_allowed():
    with pytest.raises(OSError):
        reach("here.invalid")
"""
    result = run(text, failed=1, passed=1)
    result.stdout.fnmatch_lines(["*tool.tokentape* block_network*"])


@pytest.mark.parametrize(
    ("setting", "args"), [("block_network = 1", ()), ("", ("--block-network", "--allow-hosts=http://x"))]
)
def test_a_wrong_setting_is_one_line(run, pytester, setting, args):
    pytester.makepyprojecttoml(f"[tool.tokentape]\n{setting}\n")
    result = run("def test_it():\n    pass\n", *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: *block_network=1*" if setting else "ERROR: allow_hosts: 'http://x' is no host*"]
    )


def test_a_cassette_that_records_still_does(run, provider, pytester):
    pytest.importorskip("httpx")
    text = f"""
import httpx
BODY = {{"model": "m", "messages": [{{"role": "user", "content": "Hello."}}]}}

@pytest.mark.tokentape
def test_it(cassette):
    subprocess.run(['true'], check=True)
    assert httpx.post("{provider.url}/v1/chat/completions", json=BODY).status_code == 200
    assert cassette.tally.recorded + cassette.tally.replayed == 1
"""
    run(text, "--block-network", "--tokentape-mode=once", passed=1)
    result = run(text, "--block-network", "--tokentape-mode=none", "--tokentape-report", passed=1)
    result.stdout.fnmatch_lines(["    started true: what another program sends is not seen"])
    assert provider.count == 1


OTHER = """
def pytest_addoption(parser):
    parser.addoption("--block-network", action="store_true")
    parser.addoption("--allow-hosts")
"""


def test_the_short_names_are_left_to_plugins_that_have_them(run, pytester, monkeypatch):
    for name in ("pytest_recording", "pytest_socket"):
        pytester.makepyfile(**{name: OTHER if name == "pytest_recording" else ""})
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    result = run(
        "def test_it():\n    reach()\n", "-p", "pytest_recording", "--tokentape-block-network", failed=1
    )
    result.stdout.fnmatch_lines(["*NetworkBlocked*"])
    assert "pytest_recording" not in sys.modules
