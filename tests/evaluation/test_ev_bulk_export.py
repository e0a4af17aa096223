"""`tokentape export`: typed columns, whole files or none, answers beside their questions."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

pq = pytest.importorskip("pyarrow.parquet")

from click.testing import CliRunner  # noqa: E402
from ev_bulk import corpus  # noqa: E402
from ev_corpora import chat, samples, tape  # noqa: E402

from tokentape.cli.main import tokentape  # noqa: E402
from tokentape.errors import UsageError  # noqa: E402
from tokentape.evaluation.bulk import exporting  # noqa: E402
from tokentape.evaluation.bulk.columns import COLUMNS  # noqa: E402
from tokentape.evaluation.bulk.exporting import Into, export  # noqa: E402
from tokentape.evaluation.bulk.given import asked_of, keys, reads_as, side_of  # noqa: E402
from tokentape.evaluation.corpus.choosing import Corpus  # noqa: E402
from tokentape.evaluation.corpus.rows import Seen, cassettes_of, rows, rows_of  # noqa: E402
from tokentape.evaluation.sides import recorded  # noqa: E402


def run(*words):
    result = CliRunner().invoke(tokentape, ["export", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def read(place):
    return pq.read_table(str(place)).to_pylist()


def test_a_row_of_each_column(tmp_path):
    place, _ = corpus(tmp_path)
    out = tmp_path / "corpus.parquet"
    assert "7 rows" in run(place, "--parquet", out).output
    found = read(out)
    with Corpus(place) as chosen:
        expected = [(row.id, row.key, row.same.hex(), row.cluster, row.times, row.cost) for row in chosen]
    told = [(row["id"], row["key"], row["same"], row["cluster"], row["times"]) for row in found]
    assert told == [each[:5] for each in expected]
    assert [row["cost"] for row in found] == [
        None if each[5] is None else float(each[5]) for each in expected
    ]
    label = next(row for row in found if row["reply"] == "Positive.")
    assert (label["category"], label["times"], label["model"], label["status"]) == ("label", 2, "gpt-4o", 200)
    assert label["at"].isoformat() == "2026-11-21T10:00:03+00:00"
    assert label["usage"]["input"] == 10
    assert label["usage"]["reasoning"] is None
    assert json.loads(found[0]["metadata"]) == {"category": "extract", "lang": "de"}
    called = next(row for row in found if row["calls"] != "[]")
    [one] = json.loads(called["calls"])
    assert (one["name"], json.loads(one["arguments"])) == ("get_weather", {"city": "Paris", "unit": "C"})
    streamed = next(row for row in found if row["streamed"])
    assert (streamed["reply"], json.loads(streamed["response"])["type"]) == ("Hello", "message")
    assert [row["nth"] for row in found] == [*range(7)]
    assert pq.read_schema(out).names == [each.name for each in COLUMNS]
    assert pq.read_schema(out).metadata[b"tokentape.rows"] == b"1"


def test_conditions_and_samples(tmp_path):
    place, _ = corpus(tmp_path)
    run(place, "--parquet", tmp_path / "a.parquet", "--where", 'category == "extract"')
    assert {row["category"] for row in read(tmp_path / "a.parquet")} == {"extract"}
    run(place, "--parquet", tmp_path / "b.parquet", "--sample", "3", "--by", "category")
    assert len(read(tmp_path / "b.parquet")) == 3
    with pytest.raises(UsageError, match="--all takes every recording"):
        run(place, "--parquet", tmp_path / "c.parquet", "--all", "--sample", "3")


def test_all_are_the_recordings_as_they_are(tmp_path):
    place, _ = corpus(tmp_path)
    run(place, "--parquet", tmp_path / "all.parquet", "--all")
    found = read(tmp_path / "all.parquet")
    assert len(found) == 10
    assert {row["cluster"] for row in found} == {None}
    assert [row["why_not"] for row in found if row["why_not"]] == [
        "the reply was cut (cut)",
        "the reply is an error (status 500)",
    ]
    assert [row["whole"] for row in found].count(False) == 2


def test_answers_name_their_questions(tmp_path):
    place, answers = corpus(tmp_path)
    said = run(place, "--parquet", tmp_path / "a.parquet", "--answers", answers).output
    assert "7 rows and 7 answers" in said
    found = read(tmp_path / "a.parquet")
    questions = {row["handle"]: row for row in found if row["target"] is None}
    given = [row for row in found if row["target"] is not None]
    assert {row["target"] for row in given} == {"anthropic/claude-haiku-4-5"}
    assert {row["sample"] for row in given} == {1}
    pairs = [(questions[row["question"]]["reply"], row["reply"]) for row in given]
    # Two models were asked the same: one answer is that of both. The one that an answer was asked for is no
    # longer the recording that stands for its call.
    assert sorted(pair for pair in pairs if "ositive" in pair[0]) == [
        ("Positive.", "positive"),
        ("positive", "positive"),
    ]
    assert len(given) == 7


def test_answers_of_other_questions_are_counted(tmp_path):
    place, answers = corpus(tmp_path)
    said = run(
        place, "--parquet", tmp_path / "a.parquet", "--answers", answers, "--where", 'category == "label"'
    ).output
    assert "2 rows and 2 answers" in said
    assert "5 answers left out" in said


def test_the_real_recordings_read_back_as_they_were(tmp_path):
    """What a scoring job gets of a file is what it gets of the recording."""
    place = samples(tmp_path / "tapes")
    every = [row for where in cassettes_of(place) for row in rows_of(where, Seen())]
    export(every, Into(str(tmp_path / "a.parquet")), Seen())
    found = read(tmp_path / "a.parquet")
    assert len(found) == len(every)
    for row, values in zip(every, found, strict=True):
        assert keys(values) == (row.key, row.same.hex())
        if row.is_conversation:
            assert asked_of(values) == row.conversation
        mine, side = recorded(row), side_of(values)
        assert reads_as(side.reply) == reads_as(mine.reply)
        assert (side.text, side.folded, side.answers) == (mine.text, mine.folded, mine.answers)
        assert (side.seconds, side.first, side.usage) == (mine.seconds, mine.first, mine.usage)


def test_several_files_by_rows(tmp_path):
    place, _ = corpus(tmp_path)
    assert "3 files in" in run(place, "--parquet", tmp_path / "out", "--rows-per-file", 3).output
    assert sorted(os.listdir(tmp_path / "out")) == [f"part-0000{n}.parquet" for n in range(3)]
    assert [len(read(tmp_path / "out" / f"part-0000{n}.parquet")) for n in range(3)] == [3, 3, 1]
    with pytest.raises(UsageError, match="name one, without"):
        run(place, "--parquet", tmp_path / "one.parquet", "--rows-per-file", 3)


@pytest.mark.parametrize("name", ["one.parquet", "many"])
def test_what_is_there_stays_unless_forced(tmp_path, name):
    place, _ = corpus(tmp_path)
    run(place, "--parquet", tmp_path / name)
    with pytest.raises(UsageError, match="exists already; --force replaces it"):
        run(place, "--parquet", tmp_path / name)
    run(place, "--parquet", tmp_path / name, "--force", "--sample", "2")
    assert len(read(tmp_path / name)) == 2
    assert sorted(os.listdir(tmp_path)) == ["corpus.db", name]


@pytest.mark.parametrize("name", ["one.parquet", "many"])
def test_an_export_that_fails_leaves_what_was_there(tmp_path, name):
    place, _ = corpus(tmp_path)
    run(place, "--parquet", tmp_path / name)

    def broken():
        yield from list(rows(place))[:3]
        raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        export(broken(), Into(str(tmp_path / name), force=True), Seen())
    assert len(read(tmp_path / name)) == 7
    assert sorted(os.listdir(tmp_path)) == ["corpus.db", name]


def test_rows_are_written_in_groups(tmp_path, monkeypatch):
    """No more than a group is held."""
    monkeypatch.setattr(exporting, "GROUP_ROWS", 2)
    place, _ = corpus(tmp_path)
    run(place, "--parquet", tmp_path / "a.parquet")
    file = pq.ParquetFile(tmp_path / "a.parquet")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [2, 2, 2, 1]
    monkeypatch.setattr(exporting, "GROUP_BYTES", 1)
    run(place, "--parquet", tmp_path / "b.parquet")
    assert pq.ParquetFile(tmp_path / "b.parquet").num_row_groups == 7


def test_half_a_letter_and_no_rows(tmp_path):
    tape(tmp_path / "odd.json", chat("Say \ud800", reply="\udfff!"))
    run(tmp_path / "odd.json", "--parquet", tmp_path / "odd.parquet")
    [row] = read(tmp_path / "odd.parquet")
    assert (row["prompt"], row["reply"]) == ("Say ?", "?!")
    run(tmp_path / "odd.json", "--parquet", tmp_path / "none.parquet", "--where", 'model == "other"')
    assert read(tmp_path / "none.parquet") == []


def test_a_cassette_that_cannot_be_read_is_said(tmp_path):
    place, _ = corpus(tmp_path)
    (tmp_path / "bad.json").write_text('{"tokentape": 1, "interactions": [\n{"id": "x"')
    result = CliRunner().invoke(
        tokentape, ["export", place, str(tmp_path / "bad.json"), "--parquet", str(tmp_path / "a.parquet")]
    )
    assert result.exit_code == 1
    assert "bad.json" in result.output
    assert len(read(tmp_path / "a.parquet")) == 7


def test_without_the_extra_it_says_which(tmp_path, monkeypatch):
    place, _ = corpus(tmp_path)
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs pyarrow: pip install 'tokentape\[parquet\]'"):
        run(place, "--parquet", tmp_path / "a.parquet")


def test_the_page_has_every_column():
    page = Path(__file__).parents[2] / "docs" / "how-to" / "evaluate-at-scale.md"
    table = page.read_text(encoding="utf-8").partition("| column | type | what it is |\n|---|---|---|\n")[2]
    lines = [f"| `{each.name}` | {each.kind} | {each.says} |" for each in COLUMNS]
    assert table.partition("\n\n")[0].splitlines() == lines
