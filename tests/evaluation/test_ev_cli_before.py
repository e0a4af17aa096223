"""What is wrong with a command is told before anything is asked, since what is asked is paid for."""

from __future__ import annotations

import json
import os

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("pydantic")
pytest.importorskip("rapidfuzz")

from ev_cli import declared, migrate
from ev_corpora import chat, tape

from cli_runs import run
from tokentape.cli.evaluating import outputs
from tokentape.cli.evaluating.opening import MOST_SYSTEM, text_of
from tokentape.errors import UsageError
from tokentape.evaluation.reporting.baseline import check_baseline
from tokentape.testing.provider import Provider

TARGET = "chat/gpt-4o-mini"


@pytest.fixture
def provider():
    with Provider(gap=0) as found:
        found.answers("Yes.", times=None)
        yield found


@pytest.fixture
def config(provider, tmp_path):
    return declared(provider, tmp_path / "upstreams.toml")


@pytest.fixture
def corpus(tmp_path):
    calls = [chat(f"Question {number}?", reply="Yes.") for number in range(3)]
    return tape(str(tmp_path / "tapes" / "one.json"), *calls)


def test_a_command_that_cannot_end_well_asks_nothing(provider, corpus, config, tmp_path):
    for options, said in (
        (["--json", tmp_path / "none" / "r.json"], "--json"),
        (["--baseline", tmp_path / "none.json"], "--baseline"),
        (["--where", 'model == "nobody"'], "none of 3 conversation turns fits"),
    ):
        result = migrate(corpus, config, *options, targets=(TARGET,))
        assert result.returncode == 2
        [line] = result.stderr.splitlines()
        assert said in line
    assert provider.count == 0


def test_a_report_on_what_is_not_there_is_wrong_input(corpus, config):
    result = run("report", corpus, "--target", "nobody/model")
    assert result.returncode == 2
    assert "--config" in result.stderr
    result = run("report", corpus, "--config", config)
    assert result.returncode == 2
    assert "no target has answered yet" in result.stderr


def test_an_empty_name_is_no_target(provider, corpus, config):
    """The ones that answered before were meant otherwise, and asked for money."""
    assert migrate(corpus, config, targets=(TARGET,)).returncode == 0
    count = provider.count
    result = migrate(corpus, config, "--compare", "length", targets=("",))
    assert result.returncode == 2
    assert "write UPSTREAM/MODEL" in result.stderr
    assert provider.count == count


def refused(**places):
    with pytest.raises(UsageError) as error:
        outputs.check({f"--{name}": place and str(place) for name, place in places.items()})
    assert "\n" not in str(error.value)
    return str(error.value)


def test_every_place_is_tried(tmp_path, corpus):
    assert "--csv" in refused(json=tmp_path / "fine.json", csv=tmp_path / "none" / "x.csv")
    assert "it is a folder" in refused(html=tmp_path)
    assert "folder" in refused(html=tmp_path / "tapes" / "..").lower()
    assert os.listdir(tmp_path) == ["tapes"]


def test_two_forms_need_two_places(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "report")
    assert "another form" in refused(json=tmp_path / "report", csv=tmp_path / "link")
    assert "another form" in refused(json="-", markdown="-")
    outputs.check({"--json": str(tmp_path / "a"), "--csv": str(tmp_path / "b"), "--html": None})


def test_a_report_replaces_no_recording(tmp_path, corpus):
    assert "a cassette is there" in refused(json=corpus)
    tape(f"sqlite:{tmp_path / 'tapes.db'}#one", chat("Why?"))
    assert "a database is there" in refused(json=tmp_path / "tapes.db")


def test_a_file_is_whole_or_as_it_was_and_links_stay(tmp_path):
    place, link = tmp_path / "report", tmp_path / "link"
    link.symlink_to(place)
    with outputs.written(str(link)) as file:
        file.write("one\n")
    assert (place.read_text(), link.is_symlink()) == ("one\n", True)
    with pytest.raises(RuntimeError), outputs.written(str(link)) as file:
        file.write("two\n")
        raise RuntimeError
    assert place.read_text() == "one\n"
    assert sorted(os.listdir(tmp_path)) == ["link", "report"]


@pytest.mark.skipif(os.name == "nt", reason="no such device")
def test_a_device_is_written_into_and_not_replaced(tmp_path):
    before = os.stat(os.devnull)
    outputs.check({"--json": os.devnull})
    with outputs.written(os.devnull) as file:
        file.write("gone")
    assert os.stat(os.devnull).st_rdev == before.st_rdev


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")
def test_a_full_disk_is_one_line():
    with pytest.raises(UsageError, match="No space left"), outputs.written("/dev/full") as file:
        file.write("x" * 100_000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is no JSON"),
        ("[]", "it is no JSON"),
        ("{}", "no report of tokentape"),
        ('{"tokentape": 1}', "no report of tokentape"),
        ('{"tokentape_report": 2}', "form 2"),
    ],
)
def test_a_baseline_is_told_by_its_beginning(tmp_path, text, said):
    path = tmp_path / "earlier.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        check_baseline(path)
    path.write_text(json.dumps({"tokentape_report": 1, "rows": []}))
    check_baseline(path)


def test_a_system_prompt_is_read_as_it_is(tmp_path):
    path = tmp_path / "system.txt"
    path.write_bytes("\ufeffBe brief.\r\nÉcris.\n".encode())
    assert text_of(str(path)) == "Be brief.\nÉcris.\n"


@pytest.mark.parametrize(
    ("data", "said"), [(b"caf\xe9", "no UTF-8"), (b"x" * (MOST_SYSTEM + 1), "longer than")]
)
def test_a_system_prompt_is_neither_cut_nor_guessed(tmp_path, data, said):
    path = tmp_path / "system.txt"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=said):
        text_of(str(path))


def test_why_a_system_prompt_cannot_be_read_is_plain(tmp_path):
    with pytest.raises(UsageError, match=r"cannot be read \([A-Z][a-z ]+\)$"):
        text_of(str(tmp_path / "none"))
