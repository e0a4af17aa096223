"""Blocks of `use_cassette` in tests: they are in the report, and their SDKs get placeholder keys."""

from __future__ import annotations

import pytest

DECORATED = """
import os, tokentape

@tokentape.use_cassette("tape.json")
def test_hello():
    assert said()
    assert (os.environ.get("OPENAI_API_KEY") is None) == {no_key}

def test_afterwards():
    assert "OPENAI_API_KEY" not in os.environ
"""


def test_a_decorated_test_is_in_the_report(project):
    project.write(DECORATED.format(no_key=True))
    project.run("--tokentape-report", passed=2).stdout.fnmatch_lines(
        [
            "tape.json: once, 0 replayed, 1 recorded, 0 missed, 0 unused",
            "1 cassette: 0 replayed, 1 recorded, 0 missed",
        ]
    )
    project.provider.stop()
    project.write(DECORATED.format(no_key=False))
    project.run("--tokentape-report", passed=2).stdout.fnmatch_lines(
        ["tape.json: once, 1 replayed, 0 recorded, 0 missed, 0 unused", "placeholders were set for *"]
    )


def test_placeholders_stay_until_the_last_block_ends(project):
    blocks = """
import os, tokentape

def test_hello():
    outer = tokentape.use_cassette("tape.json")
    with outer:
        said()
    with outer, tokentape.use_cassette("tape.json"):
        said()
        assert os.environ["OPENAI_API_KEY"] == "placeholder-for-replay"
    assert "OPENAI_API_KEY" not in os.environ
"""
    project.write(blocks)
    project.run(passed=1)


FAILED = """
import tokentape

def broken(interaction):
    if interaction.response is not None:
        raise RuntimeError("hook is broken")
    return interaction

FILTER
def test_it():
    with CAUGHT:
        with tokentape.use_cassette("tape.json", before_record=broken):
            assert said()
"""
SHOWN = '@pytest.mark.filterwarnings("default::tokentape.errors.TokentapeWarning")'
IGNORED = '@pytest.mark.filterwarnings("ignore::tokentape.errors.TokentapeWarning")'


def test_R16_a_recording_that_failed_in_a_block_fails_the_run_too(project):
    project.write(FAILED.replace("FILTER", SHOWN).replace("CAUGHT", "pytest.MonkeyPatch.context()"))
    result = project.run(passed=1, warnings=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*test_it: *a call was not recorded: RuntimeError: hook is broken*"])


@pytest.mark.parametrize(
    ("filtered", "caught"),
    [(IGNORED, "pytest.MonkeyPatch.context()"), (SHOWN, "pytest.warns(tokentape.errors.TokentapeWarning)")],
    ids=["filtered", "caught"],
)
def test_whoever_deals_with_the_warning_has_dealt_with_it(project, filtered, caught):
    project.write(FAILED.replace("FILTER", filtered).replace("CAUGHT", caught))
    assert project.run(passed=1).ret == 0
