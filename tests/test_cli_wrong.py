"""Wrong input: one line that names the thing and the fix, exit code 2, and nothing is lost."""

from __future__ import annotations

import pytest

import tokentape
from cli_runs import VCR, refused

WRONG = {
    "unknown command": (["frob"], "unknown command 'frob'; known are demo, run, show, ls"),
    "misspelt command": (["shwo", "x"], "unknown command 'shwo'; did you mean 'show'?"),
    "unknown option": (["show", "--jsn", "tapes/tape.json"], "'--jsn'. Did you mean '--json'?; see: tokentape show --help"),
    "missing argument": (["show"], "Missing argument 'PLACE'; see: tokentape show --help"),
    "too many arguments": (["ls", "a", "b"], "unexpected extra argument (b); see: tokentape ls --help"),
    "unknown shell": (["completion", "powershell"], "'powershell' is not one of 'bash', 'zsh', 'fish'"),
    "no such cassette": (["show", "nope.json"], "nope.json: there is no such cassette; see: tokentape ls"),
    "no such cassette to ls": (["ls", "nope.json"], "nope.json: there is no such cassette"),
    "no such cassette to rekey": (["rekey", "nope.json"], "nope.json: there is no such cassette"),
    "not a cassette's name": (["show", "nope"], "a cassette's file name ends in .json; use 'nope.json'"),
    "somebody else's cassette": (["show", "other.yaml"], "are converted by: tokentape import"),
    "a folder to show": (["show", "tapes"], "tapes is a folder: name one cassette; see: tokentape ls tapes"),
    "a folder without cassettes": (["ls", "empty"], "empty: no cassettes in this folder or below it"),
    "a folder without cassettes to rekey": (["rekey", "empty"], "empty: no cassettes in this folder or below it"),
    "no such interaction": (["show", "tapes/tape.json", "frob"], "no interaction 'frob'; known are "),
    "not JSON": (["show", "text.json"], "text.json"),
    "empty": (["show", "nothing.json"], "nothing.json"),
    "a list": (["ls", "list.json"], "list.json"),
    "wrong schema": (["show", "schema.json"], "schema.json, line "),
    "newer version": (["show", "newer.json"], "newer.json"),
    "truncated": (["show", "cut.json"], "cut.json"),
    "newer version to rekey": (["rekey", "newer.json"], "newer.json"),
    "unknown field": (["rekey", "tapes/tape.json", "--match-on", "modle"], "unknown field 'modle'"),
    "bad pattern": (["rekey", "tapes/tape.json", "--volatile", "("], "volatile"),
    "nothing to import": (["import", "nope.yaml", "x.json"], "nope.yaml: there is no such file or folder"),
    "not YAML to import": (["import", "bad.yaml", "x.json"], "bad.yaml"),
    "no cassette to import": (["import", "text.json", "x.json"], "text.json"),
    "an empty folder to import": (["import", "empty", "x"], "empty: no cassettes here"),
    "a target without its ending": (["import", "good.yaml", "x"], "ends in .json; use 'x.json'"),
    "a folder as target": (["import", "good.yaml", "empty"], "empty is a directory"),
    "a file as target folder": (["import", "good.yaml", "text.json/x.json"], "text.json"),
    "a file to keep the demo in": (["demo", "--keep", "text.json"], "--keep text.json: this is a file; name a folder"),
    "unknown store": (["show", "sqlight:x#y"], "unknown store 'sqlight'"),
}  # fmt: skip


@pytest.fixture
def messy(outside, ask):
    """A folder with a good cassette and everything that is none."""
    here = outside
    with tokentape.use_cassette("tapes/tape.json", mode="once"):
        ask("Say hello.")
        ask("Say goodbye.")
    text = (here / "tapes" / "tape.json").read_text()
    files = {
        "text.json": "hello",
        "nothing.json": "",
        "list.json": "[]",
        "schema.json": text.replace('"status": 200', '"status": "fine"'),
        "newer.json": text.replace('"tokentape": 1', '"tokentape": 99'),
        "cut.json": text[: len(text) // 2],
        "bad.yaml": "interactions: [}\n",
        "other.yaml": VCR,
        "good.yaml": VCR,
    }
    for name, content in files.items():
        (here / name).write_text(content)
    (here / "empty").mkdir()
    return here


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_one_line_with_thing_and_fix_exit_code_2_and_nothing_lost(messy, name):
    pytest.importorskip("yaml")
    args, expected = WRONG[name]
    before = everything(messy)
    assert expected in refused(*args)
    assert everything(messy) == before
