"""`tokentape annotate`: metadata is written into cassettes, and nothing else in them moves."""

from __future__ import annotations

import json
import re
import threading

import pytest
from ev_corpora import chat, tape

from cli_runs import refused, run
from tokentape.cassettes.places import cassettes, load
from tokentape.errors import UsageError
from tokentape.evaluation.corpus.annotations import Annotations, annotate
from tokentape.evaluation.corpus.rows import Seen
from tokentape.evaluation.corpus.told import by_id, settings
from tokentape.evaluation.corpus.where import Where


def at(second):
    return f"2026-11-21T09:00:{second:02d}Z"


@pytest.fixture(params=["folder", "sqlite"])
def place(request, tmp_path):
    base = str(tmp_path / "tapes") if request.param == "folder" else f"sqlite:{tmp_path}/t.db"
    one, two = (
        (f"{base}/a.json", f"{base}/b.json") if request.param == "folder" else (f"{base}#a", f"{base}#b")
    )
    tape(
        one,
        chat("1", at=at(1)),
        chat("2", at=at(2), model="gpt-5"),
        chat("3", at=at(3), metadata={"tag": "v1"}),
    )
    tape(two, chat("1", at=at(4)))
    return base


def contents(place):
    return {store.describe(name): load(store, name).data() for store, name in cassettes(place)}


def metadata(place):
    return [
        dict(cassette.interaction(number).metadata)
        for store, name in cassettes(place)
        for cassette in [load(store, name)]
        for number in range(len(cassette.entries))
    ]


def bare(data):
    return re.sub(rb'"metadata": \{.*\}', b'"metadata": {}', data)


def test_rows_that_fit_are_annotated_and_nothing_else_moves(place):
    before = contents(place)
    done = run(
        "annotate", place, "--where", 'model == "gpt-4o"', "--set", "category=extract", "--set", "level=3"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "3 of 4 interactions changed"
    said = {"category": "extract", "level": 3}
    assert metadata(place) == [said, {}, {"tag": "v1", **said}, said]
    after = contents(place)
    assert {shown: bare(data) for shown, data in after.items()} == {
        shown: bare(data) for shown, data in before.items()
    }
    again = run(
        "annotate", place, "--where", 'model == "gpt-4o"', "--set", "category=extract", "--set", "level=3"
    )
    assert again.stdout == "0 of 4 interactions changed\n"
    assert contents(place) == after


def test_a_dry_run_says_what_would_change_and_changes_nothing(place):
    before = contents(place)
    done = run("annotate", place, "--set", "tag=v2", "--unset", "nothing", "--dry-run")
    assert contents(place) == before
    lines = done.stdout.splitlines()
    assert lines[0].endswith("3 of 3 would change")
    assert lines[3].endswith('tag: "v1" -> "v2"')
    assert lines[1].endswith('tag: nothing -> "v2"')
    assert lines[-1] == "4 of 4 interactions would change, nothing was written"


def test_names_are_taken_away(place):
    run("annotate", place, "--unset", "tag")
    assert metadata(place) == [{}, {}, {}, {}]


def test_a_file_says_it_by_id_and_its_values_win(place, tmp_path):
    ids = [entry.id for store, name in cassettes(place) for entry in load(store, name).entries]
    assert ids[0] == ids[3]  # the same call in two cassettes
    [_, other] = [store.describe(name) for store, name in cassettes(place)]
    lines = [
        {"id": ids[0], "category": "both"},
        {"id": ids[0], "cassette": other, "category": "one", "n": [1]},
        {"id": ids[1], "tag": "file"},
    ]
    file = tmp_path / "said.jsonl"
    file.write_text("\n\n".join(map(json.dumps, lines)) + "\n")
    done = run("annotate", place, "--set", "tag=all", "--set-from", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert metadata(place) == [
        {"tag": "all", "category": "both"},
        {"tag": "file"},
        {"tag": "all"},
        {"tag": "all", "category": "one", "n": [1]},
    ]


def test_a_table_says_it_by_id_and_an_empty_cell_says_nothing(place, tmp_path):
    ids = [entry.id for store, name in cassettes(place) for entry in load(store, name).entries]
    file = tmp_path / "said.CSV"
    file.write_text(f'\ufeffid,category,note\r\n{ids[1]},triage,\r\n{ids[2]},,"a, b"\r\n', encoding="utf-8")
    assert run("annotate", place, "--set-from", file).returncode == 0
    assert metadata(place) == [{}, {"category": "triage"}, {"tag": "v1", "note": "a, b"}, {}]


def test_ids_that_no_recording_has_are_named(place, tmp_path):
    file = tmp_path / "said.csv"
    file.write_text("id,category\n" + "".join(f"no{n},x\n" for n in range(7)))
    done = run("annotate", place, "--set-from", file)
    assert done.returncode == 1
    assert done.stderr == "tokentape: no recording has the id no0, no1, no2, no3, no4 and 2 more\n"


def test_a_cassette_that_cannot_be_read_is_a_line_and_the_others_are_annotated(tmp_path):
    tape(tmp_path / "a.json", chat("1"), chat("2"))
    tape(tmp_path / "b.json", chat("3"))
    path = tmp_path / "a.json"
    broken = path.read_bytes()[:-40]
    path.write_bytes(broken)
    done = run("annotate", tmp_path, "--set", "category=x")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "1 of 1 interaction changed"
    [line] = done.stderr.splitlines()
    assert "a.json" in line
    assert path.read_bytes() == broken


def test_secrets_in_what_is_said_are_redacted(place):
    key = "sk-proj-" + "9fK2mQ7xLw4RtZ8vB1nC" * 2
    done = run("annotate", place, "--set", f"note=uses {key}")
    assert done.stderr == "tokentape: 1 secret in what you say: redacted\n"
    assert all(key.encode() not in data for data in contents(place).values())
    assert "[redacted]" in metadata(place)[0]["note"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ((), "say what"),
        (("--set", "category"), "write NAME=VALUE"),
        (("--set", "=x"), "a name is"),
        (("--set", "a=[1"), "looks like JSON"),
        (("--set", "a=1e999"), "looks like JSON"),
        (("--set", "a=1", "--where", "modle == 'x'"), "--where"),
        (("--set-from", "none.jsonl"), "cannot read none.jsonl: No such file"),
    ],
    ids=str,
)
def test_wrong_input_is_one_line(tmp_path, given, problem):
    place = tape(tmp_path / "a.json", chat("1"))
    assert problem.removeprefix("--") in refused("annotate", place, *given)


@pytest.mark.parametrize("inside", [False, True], ids=["name", "name in a value"])
def test_a_secret_in_a_name_is_refused_and_not_shown(place, tmp_path, inside):
    key, before = "sk-proj-" + "9fK2mQ7xLw4RtZ8vB1nC" * 2, contents(place)
    told = {"more": [{key: 1}]} if inside else {key: 1}
    file = tmp_path / "said.jsonl"
    file.write_text(json.dumps({"id": "1", **told}))
    (name, value) = next(iter(told.items()))
    for words in (("--set", f"{name}={json.dumps(value)}"), ("--set-from", str(file))):
        line = refused("annotate", place, *words)
        assert "a name in what you say holds a secret" in line
        assert key[8:20] not in line
    assert contents(place) == before


def test_a_cassette_that_is_not_there_is_an_error(tmp_path):
    for place in (tmp_path / "none.json", f"sqlite:{tmp_path}/t.db#none"):
        assert "there is no such cassette" in refused("annotate", place, "--set", "a=1")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.jsonl", "", "the file is empty"),
        ("a.jsonl", '{"id": "x"}\nno', "line 2: not JSON"),
        ("a.jsonl", '{"id": "x", "n": NaN}', "line 1: not JSON"),
        ("a.jsonl", "[1]", "line 1: a line is an object"),
        ("a.jsonl", '{"category": "x"}', "line 1: 'id'"),
        ("a.jsonl", '{"id": 5}', "line 1: 'id'"),
        ("a.jsonl", '{"id": "x", "cassette": 5}', "'cassette'"),
        ("a.jsonl", '{"id": "x", "": 5}', "a name is"),
        ("a.jsonl", '{"id": "x"}\n{"id": "x"}', "line 2: x is in line 1 already"),
        ("a.csv", "id,a\nx,1,2\n", "line 2: more cells"),
        ("a.csv", "a,b\n1,2\n", "line 2: 'id'"),
        ("a.csv", "id,a\n", "the file is empty"),
        ("a.csv", 'id,a\nx,"' + "y" * 200_000 + '"\n', "field larger"),
    ],
    ids=lambda value: value[:20],
)
def test_a_wrong_file_says_which_line(tmp_path, name, text, problem):
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=problem):
        by_id(str(tmp_path / name))


def test_a_file_that_is_no_text_says_so(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"\xff\xfe{")
    with pytest.raises(UsageError, match="not UTF-8"):
        by_id(str(tmp_path / "a.jsonl"))


def test_values_are_json_where_they_are_json():
    given = (
        "a=3",
        "b=-1.5e3",
        "c=true",
        "d=null",
        'e=["x"]',
        'f={"g": 1}',
        'h="3"',
        "i=v1.2",
        "j=",
        "k=a=b",
        "l=3 ",
        "category=3",
    )
    assert settings(given) == {
        "a": 3, "b": -1500.0, "c": True, "d": None, "e": ["x"], "f": {"g": 1}, "h": "3", "i": "v1.2", "j": "",
        "k": "a=b", "l": "3 ", "category": "3",
    }  # fmt: skip


def test_what_is_recorded_at_the_same_time_is_not_lost(tmp_path):
    place = f"sqlite:{tmp_path}/t.db#a"
    file = str(tmp_path / "a.json")
    for each in (place, file):
        tape(each, chat("0"))
        threads = [threading.Thread(target=tape, args=(each, chat(str(n), at=at(n)))) for n in range(1, 9)]
        for thread in threads:
            thread.start()
        for n in range(8):
            list(annotate(each, Annotations(where=Where('text != ""'), note=_note(n)), Seen()))
        for thread in threads:
            thread.join()
        [(_, changed)] = annotate(each, Annotations(note=_note(9)), Seen())
        assert changed == 9
        assert metadata(each) == [{"n": 9}] * 9


def _note(n):
    from tokentape.cassettes.format.metadata import Note

    return Note({"n": n})


class Foreign:
    """A store of somebody else's, which can only load."""

    def describe(self, name):
        return f"foreign:#{name}"


def test_a_store_that_cannot_change_what_it_holds_says_so(monkeypatch):
    from tokentape.evaluation.corpus import rows

    monkeypatch.setattr(rows, "cassettes", lambda place: [(Foreign(), "a")])
    with pytest.raises(UsageError, match="foreign:#a: Foreign cannot change what it holds"):
        list(annotate("foreign:", Annotations(), Seen()))
