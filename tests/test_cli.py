"""The command line as a person meets it: every command in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import tokentape
from cli_runs import BARE, COMMAND, VCR, done, refused, run
from tokentape.errors import ReplayMiss


@pytest.fixture
def here(outside):
    pytest.importorskip("openai")
    return outside


@pytest.fixture
def tape(here, ask):
    with tokentape.use_cassette("tapes/tape.json", mode="once"):
        for text in ("Say hello.", "Say größe 世界 🌍."):
            ask(text)
    return here / "tapes" / "tape.json"


# demo


def table_of(said):
    """The rows of the demo's table, as lists of cells split at two blanks or more."""
    rows = [
        line for line in said.splitlines() if line.startswith(("Chat,", "Responses,", "Messages,", "Gemini,"))
    ]
    return [row.split() for row in rows]


@pytest.mark.parametrize("environment", [{}, {"CI": "true"}, {"NO_COLOR": "1", "COLUMNS": "80"}], ids=str)
def test_demo_replays_everything_equal_offline_with_no_key(here, environment):
    pytest.importorskip("anthropic")
    said = done("demo", **environment)
    rows = table_of(said)
    assert [row[0] for row in rows] == ["Chat,", "Chat,", "Responses,", "Messages,", "Gemini,"]
    assert all("yes" in row for row in rows)
    assert "5 of 5 calls replayed equal, byte for byte and chunk for chunk." in said
    assert "ReplayMiss: No recording in" in said
    assert 'recorded "Do I need an umbrella in Oslo?", now "Do I need an umbrella in Bergen?"' in said
    assert "\x1b" not in said
    table = said[said.index("2. Replay") : said.index("3. Now")]
    assert max(map(len, table.splitlines())) <= 80
    assert os.listdir(here) == []


@pytest.mark.parametrize(
    "environment",
    [{"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}, {"TOKENTAPE_MODE": "none"}],
    ids=["proxy", "mode"],
)
def test_demo_is_the_same_whatever_the_environment_says(here, environment):
    pytest.importorskip("anthropic")
    assert "5 of 5 calls replayed equal" in done("demo", **environment)


def test_demo_is_the_same_whatever_the_project_says(here):
    pytest.importorskip("anthropic")
    (here / "pyproject.toml").write_text(
        '[tool.tokentape]\nmode = "off"\non_miss = "abort"\nrepeat = "last"\nerrors = "refuse"\nmatch_on = "strict"\n'
    )
    assert "5 of 5 calls replayed equal" in done("demo")


def test_demo_keeps_its_cassette_where_it_is_told(here):
    pytest.importorskip("anthropic")
    assert "try: tokentape show kept/demo.json" in done("demo", "--keep", "kept").replace(os.sep, "/")
    assert "5" in done("ls", "kept")
    assert "get_weather" in done("show", "kept/demo.json")


def test_demo_says_what_to_install(here):
    code = "import sys; sys.modules['anthropic'] = None; from tokentape.cli.main import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code, "demo"], env=BARE, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert result.stderr == "tokentape: the demo needs anthropic: pip install 'tokentape[demo]'\n"


# show


def test_show_says_who_said_what_and_how_it_ended(tape):
    said = done("show", tape)
    assert "user\n  Say größe 世界 🌍.\n" in said
    assert "reply\n  Answer 1 to: Say größe 世界 🌍." in said
    assert said.count("status 200, 1 chunk in ") == 2
    assert "ended: eof" in said


def test_show_json_is_for_programs(tape):
    first, second = json.loads(done("show", "--json", tape))
    assert first["operation"] == "openai.chat/create"
    assert first["turns"] == [{"role": "user", "text": "Say hello."}]
    assert second["reply"] == "Answer 1 to: Say größe 世界 🌍."
    assert second["ended"] == {"how": "eof", "whole": True}
    assert json.loads(done("show", "--json", tape, second["id"])) == [second]


def test_show_cannot_steer_the_terminal(here, ask, provider):
    provider.answers("red \x1b[31m, title \x1b]0;x\x07, hidden \u202e, nul \x00, end")
    with tokentape.use_cassette("tape.json", mode="once"):
        ask("Colours \x1b[2J?")
    for said in (done("show", "tape.json"), done("ls", "tape.json", COLUMNS="200")):
        assert not {"\x1b", "\x07", "\u202e", "\x00"} & set(said)
        assert "\\u001b[31m" in said
        assert "\\u202e" in said


def test_show_on_a_terminal_that_cannot_show_it(tape):
    result = subprocess.run(
        [*COMMAND, "show", str(tape)],
        env={**BARE, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"gr\\xf6\\xdfe \\u4e16\\u754c" in result.stdout


def test_show_into_a_pipe_that_closes(here, ask):
    with tokentape.use_cassette("tape.json", mode="once"):
        ask("word " * 50_000)
    with subprocess.Popen(
        [*COMMAND, "show", "tape.json"], env=BARE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait() in (0, 1)


# ls, import, rekey


def test_ls_of_a_folder_passes_over_what_is_no_cassette(tape):
    (tape.parent / "package.json").write_text('{"name": "x"}')
    (tape.parent / "broken.json").write_text('{"tokentape": 1, "interactions": [')
    said = done("ls", tape.parent)
    assert "tape" in said
    assert "package" not in said
    assert "broken" in said


def test_ls_of_a_cassette(tape):
    said = done("ls", tape, COLUMNS="200")
    assert "openai.chat" in said
    assert "Say hello." in said


def test_ls_shows_names_and_texts_as_they_are_and_not_as_markup(here, ask):
    with tokentape.use_cassette("[red]tape.json", mode="once"):
        ask("[bold]Hello[/bold] [/nothing]")
    assert "[red]tape" in done("ls", ".")
    assert "[bold]Hello[/bold] [/nothing]" in done("ls", "[red]tape.json", COLUMNS="300")


def test_import_of_a_file_and_of_a_folder(here):
    pytest.importorskip("yaml")
    (here / "old" / "sub").mkdir(parents=True)
    for name in ("one.yaml", "sub/two.yml"):
        (here / "old" / name).write_text(VCR)
    assert "one.json: 1 interaction from old" in done("import", "old/one.yaml", "one.json").replace(
        os.sep, "/"
    )
    done("import", "old", "new")
    for path in ("one.json", "new/one.json", "new/sub/two.json"):
        text = (here / path).read_text()
        assert "9fK2m" not in text
        [entry] = json.loads(text)["interactions"]
        assert (entry["asks"], entry["reads_as"]) == ("Hello?", "Hi.")
    before = (here / "one.json").read_bytes()
    assert "one.json exists already; --force replaces it" in refused("import", "old/one.yaml", "one.json")
    assert (here / "one.json").read_bytes() == before
    done("import", "--force", "old/one.yaml", "one.json")


def test_rekey_after_a_request_was_edited(tape, provider, ask):
    assert "tape.json: 0 of 2 keys changed" in done("rekey", tape)
    unchanged = tape.read_bytes()
    done("rekey", tape)
    assert tape.read_bytes() == unchanged
    tape.write_text(tape.read_text().replace('"content": "Say hello."', '"content": "Say goodbye."'))
    assert "1 of 2 keys changed" in done("rekey", tape.parent)
    provider.stop()
    with pytest.raises(ReplayMiss), tokentape.use_cassette(tape, mode="none"):
        assert "hello" in ask("Say goodbye.")
        ask("Say hello.")


def test_rekey_of_a_cassette_that_cannot_be_read_changes_nothing(tape):
    broken = tape.read_text().replace('"status": 200', '"status": "fine"')
    tape.write_text(broken)
    assert "tape.json, line " in refused("rekey", tape)
    assert tape.read_text() == broken
    assert os.listdir(tape.parent) == ["tape.json"]


# doctor, completion, help


def test_doctor_says_which_mode_and_why(here):
    assert "mode in force: once, because of: default" in done("doctor")
    assert "mode in force: none, because of: CI is set" in done("doctor", CI="true")
    assert "because of: TOKENTAPE_MODE" in done("doctor", CI="true", TOKENTAPE_MODE="all")
    facts = json.loads(done("doctor", "--json", TOKENTAPE_MODE="refresh"))
    assert (facts["mode"], facts["source"]) == ("refresh", "TOKENTAPE_MODE")
    assert {"name": "openai", "kind": "sdk"}.items() <= facts["libraries"][
        [library["name"] for library in facts["libraries"]].index("openai")
    ].items()


def test_R43_doctor_names_every_library_with_version_and_state(here):
    from importlib.metadata import version

    libraries = {library["name"]: library for library in json.loads(done("doctor", "--json"))["libraries"]}
    assert libraries["openai"]["version"] == version("openai")
    for name in ("httpx2", "httpx", "requests", "urllib3", "aiohttp"):
        if name in libraries:
            assert libraries[name]["state"] == "ready"
    for name in ("grpcio",):
        if name in libraries:
            assert (libraries[name]["state"], bool(libraries[name]["note"])) == ("beyond reach", True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(here, shell):
    said = done("completion", shell)
    assert "_TOKENTAPE_COMPLETE" in said
    assert "tokentape" in said


@pytest.mark.parametrize(
    ("words", "expected"),
    [("tokentape sh", "show"), ("tokentape doctor --j", "--json"), ("tokentape completion z", "zsh")],
)
def test_completion_completes(here, words, expected):
    number = len(words.split()) - 1
    result = run(_TOKENTAPE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(number))
    assert result.stdout.split() == [f"plain,{expected}"]


def test_help_lists_every_command_and_each_has_its_own(here):
    said = done("--help")
    for name in ("demo", "show", "ls", "import", "rekey", "doctor", "completion"):
        assert f"\n  {name} " in said
        assert f"Usage: tokentape {name}" in done(name, "-h")
    assert done("--version").strip() == f"tokentape, version {tokentape.__version__}"


def test_an_unknown_mode_in_the_environment_is_one_line(here):
    result = run("doctor", TOKENTAPE_MODE="sometimes")
    assert result.returncode == 2
    assert result.stderr.startswith(
        "tokentape: TOKENTAPE_MODE: unknown record mode 'sometimes'; use one of once"
    )


def test_a_project_file_that_is_no_toml_is_one_line(here):
    (here / "pyproject.toml").write_text("[tool.tokentape\n")
    result = run("doctor")
    assert result.returncode == 2
    assert "pyproject.toml: cannot read the project settings" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_commands_that_say_nothing_of_a_cassette_load_no_http_library(here):
    code = (
        "import sys; sys.argv = ['tokentape', '--help']\n"
        "from tokentape.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('httpx', 'httpx2', 'openai', 'rich')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env=BARE, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"
