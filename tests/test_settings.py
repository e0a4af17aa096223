"""Which record mode wins, and who says so."""

from __future__ import annotations

import pytest

from tokentape import settings
from tokentape.cassettes.mode import RecordMode
from tokentape.errors import UsageError


@pytest.fixture(autouse=True)
def outside(monkeypatch, tmp_path):
    """No setting from the machine that runs the tests."""
    for name in ("TOKENTAPE_MODE", "TOKENTAPE_CONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    settings.set_command_line_mode(None)


def project(folder, text):
    (folder / "pyproject.toml").write_text(f"[tool.tokentape]\n{text}\n")


def test_once_is_the_default():
    assert settings.resolve_mode() == settings.ModeChoice(RecordMode.ONCE, "default")


@pytest.mark.parametrize("value", ["true", "1", "True"])
def test_ci_replays_only(monkeypatch, value):
    monkeypatch.setenv("CI", value)
    assert settings.resolve_mode() == settings.ModeChoice(RecordMode.NONE, "CI is set")


@pytest.mark.parametrize("value", ["", "false", "0"])
def test_ci_can_be_said_not_to_be(monkeypatch, value):
    monkeypatch.setenv("CI", value)
    assert settings.resolve_mode().mode is RecordMode.ONCE


def test_each_source_wins_over_the_next_lower_one(monkeypatch, outside):
    monkeypatch.setenv("CI", "true")
    project(outside, 'mode = "new_episodes"')
    assert settings.resolve_mode().mode is RecordMode.NEW_EPISODES
    assert "pyproject.toml" in settings.resolve_mode().source
    assert settings.resolve_mode("all") == settings.ModeChoice(RecordMode.ALL, "argument")
    monkeypatch.setenv("TOKENTAPE_MODE", "refresh")
    assert settings.resolve_mode("all") == settings.ModeChoice(RecordMode.REFRESH, "TOKENTAPE_MODE")
    settings.set_command_line_mode("off")
    assert settings.resolve_mode("all") == settings.ModeChoice(RecordMode.OFF, "--tokentape-mode")


def test_the_nearest_project_file_counts_from_below(monkeypatch, outside):
    project(outside, 'mode = "none"')
    inner = outside / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert settings.resolve_mode().mode is RecordMode.NONE


def test_a_changed_project_file_is_read_again(outside):
    project(outside, 'mode = "none"')
    assert settings.resolve_mode().mode is RecordMode.NONE
    project(outside, 'mode = "new_episodes"')
    assert settings.resolve_mode().mode is RecordMode.NEW_EPISODES


@pytest.mark.parametrize(
    ("set_it", "source"),
    [
        (lambda patch, folder: patch.setenv("TOKENTAPE_MODE", "sometimes"), "TOKENTAPE_MODE"),
        (lambda patch, folder: project(folder, 'mode = "sometimes"'), "pyproject.toml"),
    ],
)
def test_an_unknown_mode_names_its_source_and_the_known_ones(monkeypatch, outside, set_it, source):
    set_it(monkeypatch, outside)
    with pytest.raises(UsageError) as caught:
        settings.resolve_mode()
    text = str(caught.value)
    assert source in text
    assert "'sometimes'" in text
    assert "new_episodes" in text
    assert "\n" not in text


def test_an_unknown_project_setting_is_named(outside):
    project(outside, 'modus = "none"')
    with pytest.raises(UsageError, match="unknown setting 'modus'.*known are.*mode"):
        settings.resolve_mode()


def test_a_project_file_that_is_not_toml_is_named(outside):
    (outside / "pyproject.toml").write_text("[tool.tokentape\n")
    with pytest.raises(UsageError, match="pyproject.toml: cannot read"):
        settings.resolve_mode()


def test_a_named_config_that_is_not_there(monkeypatch):
    monkeypatch.setenv("TOKENTAPE_CONFIG", "nowhere.toml")
    with pytest.raises(UsageError, match="TOKENTAPE_CONFIG: cannot read nowhere.toml"):
        settings.resolve_mode()
