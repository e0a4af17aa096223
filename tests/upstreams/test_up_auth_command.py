"""Tokens that commands print."""

from __future__ import annotations

import sys

import pytest
from up_tokens import running
from up_wire import Clock, asked

from tokentape.upstreams.auth.command import token_of
from tokentape.upstreams.auth.tokens import Token
from tokentape.upstreams.upstream import AuthFailed, Secret


def command(code: str, **options) -> dict[str, object]:
    return {"command": [sys.executable, "-c", code], **options}


def test_a_command_prints_a_token():
    async def scenario(auth):
        return (await auth.signed(asked(), None)).headers[-1]

    assert running(None, "command", command("print('tok.en-1')"), scenario) == (
        "Authorization",
        "Bearer tok.en-1",
    )
    bare = command("print('tok.en-1')", header="X-Auth")
    assert running(None, "command", bare, scenario) == ("X-Auth", "tok.en-1")


def test_a_command_runs_again_after_a_refusal_and_when_its_token_ends(tmp_path):
    count = tmp_path / "count"
    code = f"from pathlib import Path; p = Path({str(count)!r}); n = len(p.read_text()) if p.exists() else 0; p.write_text('x' * (n + 1)); print('t%d' % n)"
    clock = Clock()

    async def scenario(auth):
        seen = []
        for wait in (0, 10, 0):
            clock.at += wait
            seen.append((await auth.signed(asked(), None)).headers[-1][1])
        seen.append(await auth.refused(None))
        seen.append((await auth.signed(asked(), None)).headers[-1][1])
        clock.at += 100
        seen.append((await auth.signed(asked(), None)).headers[-1][1])
        return seen

    options = command(code, lifetime=60)
    expected = ["Bearer t0", "Bearer t0", "Bearer t0", True, "Bearer t1", "Bearer t2"]
    assert running(None, "command", options, scenario, clock=clock) == expected


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (command("import sys; print('hush'); sys.stderr.write('hush'); sys.exit(3)"), "status 3"),
        (command("print()"), "printed no token"),
        (command("print('two hush')"), "printed no token"),
        (command("print('x' * 100000)"), "printed no token"),
        (command("import time; time.sleep(60)", timeout=0.2), "over 0.2 seconds"),
        ({"command": ["/nowhere/at/all"]}, "cannot be run"),
    ],
    ids=["status", "nothing", "words", "endless", "slow", "missing"],
)
def test_a_command_that_gives_no_token_is_told_without_what_it_wrote(options, words):
    async def scenario(auth):
        await auth.signed(asked(), None)

    with pytest.raises(AuthFailed, match=words) as told:
        running(None, "command", options, scenario)
    assert "hush" not in str(told.value)


def test_a_command_is_run_without_a_shell(tmp_path):
    async def scenario(auth):
        return (await auth.signed(asked(), None)).headers[-1][1]

    options = {"command": [sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME;`id`"]}
    assert running(None, "command", options, scenario) == "Bearer $HOME;`id`"


@pytest.mark.parametrize(
    ("text", "token", "lifetime"),
    [
        ('{"token": "a", "expires_in": 60}', "a", 60.0),
        ('{"access_token": "a", "expires_in": "60"}', "a", 60.0),
        ('{"id_token": "a", "expires_at": 1060}', "a", 60.0),
        ('{"token": "a", "expires_at": "1970-01-01T00:17:40Z"}', "a", 60.0),
        ('{"token": "a", "expires_at": "1970-01-01T00:17:40"}', "a", 60.0),
        ('{"token": "a", "expires_on": "1060"}', "a", 60.0),
        ('{"token": "a", "expires_at": "soon"}', "a", None),
        ('{"token": "a"}', "a", None),
        (" a\n", "a", None),
    ],
    ids=["in", "text", "at", "iso", "naive", "on", "odd", "open", "plain"],
)
def test_a_command_may_say_when_its_token_ends(text, token, lifetime):
    assert token_of(text.encode(), 1000.0) == Token(Secret(token), lifetime)


@pytest.mark.parametrize("text", ["", "{", "{}", '{"token": 1}', "a b", "\xe9"])
def test_what_is_no_token(text):
    assert token_of(text.encode(), 1000.0) is None
