"""The tables of the reference name what the code has, all of it and nothing else."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields

from reader import ROOT

from tokentape.cassettes.format import body, styles
from tokentape.cassettes.mode import RecordMode
from tokentape.cli.main import COMMANDS
from tokentape.matching.fields import FIELDS, PREFIXES, PRESETS
from tokentape.options import CHOICES, Options
from tokentape.settings import PROJECT_KEYS
from tokentape.wire.interaction import How

DOCS = ROOT / "docs"


def rows(page, heading=None):
    """The cells of every table row on the page, or below a heading of it."""
    text = (DOCS / page).read_text(encoding="utf-8")
    if heading is not None:
        text = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]


def coded(cell):
    return re.findall(r"`([^`]+)`", cell)


def test_the_options():
    table = {coded(row[0])[0]: row for row in rows("reference/options.md") if coded(row[0])}
    assert set(table) == {field.name for field in fields(Options)} | {"ignore", "volatile"}
    assert {name for name, row in table.items() if row[4] == "yes"} == PROJECT_KEYS - {
        "cassette_dir",
        "snapshot_dir",
        "block_network",
    }
    for name, values in CHOICES.items():
        assert coded(table[name][1]) == list(values)
        assert coded(table[name][2])[0] == getattr(Options(), name)


def test_the_modes():
    named = [coded(row[0])[0] for row in rows("reference/modes.md")[:9] if coded(row[0])]
    assert named == [mode.value for mode in RecordMode]


def test_match_on():
    named = [name for row in rows("reference/matching.md", "match_on") for name in coded(row[0])]
    prefixes = {prefix.rstrip(".") for prefix in PREFIXES}
    plain = {name for name in named if "." not in name and not name.startswith("-")}
    assert plain == {*PRESETS, *FIELDS}
    assert {name.partition(".")[0] for name in named if "." in name} == prefixes


def test_how_a_call_ends():
    named = [name for row in rows("explanation/completeness.md")[:11] for name in coded(row[0])]
    assert named == ["how", *How]


def test_the_commands():
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    named = re.findall(r"^## (\S+)$", text, re.MULTILINE)
    assert " ".join(named) == (
        "demo run ls show translate serve trace import migrate report drift "
        "annotate export score rekey doctor completion"
    )
    assert set(named) == set(COMMANDS)


def test_the_environment_variables():
    source = (ROOT / "src" / "tokentape" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'environ\.get\("(\w+)"', source))
    named = {name for row in rows("reference/settings.md", "Environment") for name in coded(row[0])}
    assert named == read


def test_the_forms_of_bodies_and_their_fields():
    text = (DOCS / "reference" / "cassette-format.md").read_text(encoding="utf-8")
    for form, (known, _) in body._RESTORE.items():
        assert f'`{{"{form}": ' in text
        for name in known:
            assert re.search(rf"`{name}`|\"{name}\"", text), (form, name)
    for name in styles.NAMES:
        assert name in text or name in {"indent2", "indent3"}


def test_the_layers_are_those_that_the_linter_holds():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = pyproject["tool"]["importlinter"]["contracts"][0]["layers"]
    held = [[name.strip().removeprefix("tokentape.") for name in layer.split("|")] for layer in contract]
    shown = [coded(row[0]) for row in rows("explanation/architecture.md", "The layers") if coded(row[0])]
    assert shown == held


def test_the_files_that_the_architecture_names_are_there():
    text = (DOCS / "explanation" / "architecture.md").read_text(encoding="utf-8")
    source = ROOT / "src" / "tokentape"
    named = {name for name in coded(text) if name.endswith(".py")}
    assert len(named) > 10
    assert [name for name in named if not (source / name).exists()] == []
