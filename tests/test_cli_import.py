"""`tokentape import` of traces and batches, as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli_runs import done, refused, run

SAMPLES = Path(__file__).parent / "cassettes" / "importers" / "samples"
CALL = {
    "id": "o1",
    "traceId": "t1",
    "type": "GENERATION",
    "startTime": "2026-11-22T00:47:54Z",
    "endTime": "2026-11-22T00:47:56Z",
    "model": "gpt-4o",
    "modelParameters": {"temperature": 0},
    "input": [{"role": "user", "content": "Capital of Peru?"}],
    "output": {"role": "assistant", "content": "Lima."},
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_trace_becomes_a_cassette_like_any_other(here):
    (here / "trace.jsonl").write_text(json.dumps(CALL) + "\n")
    assert done("import", "trace.jsonl", "tape.json").splitlines() == [
        "tape.json: 1 interaction from trace.jsonl, observations of Langfuse",
        "  synthesized of a trace: bodies, headers and the pieces of streams are made anew, no bytes were kept",
    ]
    [told] = json.loads((here / "tape.json").read_text())["interactions"]
    assert (told["origin"], told["asks"], told["reads_as"]) == ("langfuse", "Capital of Peru?", "Lima.")
    assert told["metadata"]["imported"] == {"format": "langfuse", "trace": "t1", "span": "o1"}
    assert "Capital of Peru?" in done("ls", "tape.json", COLUMNS="200")
    assert "Lima." in done("show", "tape.json")
    done("annotate", "tape.json", "--set", "category=geo")
    assert json.loads(done("show", "tape.json", "--json"))[0]["metadata"]["category"] == "geo"


def test_each_sample_is_told_by_its_content_and_imports_into_a_store(here):
    for path in sorted(SAMPLES.glob("*.json*")):
        said = done("import", path, f"sqlite:tapes.db#{path.stem}")
        form = "openinference" if "openinference" in path.name else path.name.partition("-")[0]
        named = {"otel": "OpenTelemetry", "langsmith": "LangSmith", "langfuse": "Langfuse"}
        form = "otel" if "otlp" in path.name else form
        assert named.get(form, "OpenInference") in said.splitlines()[0]
    assert "langsmith-runs" in done("ls", "sqlite:tapes.db", COLUMNS="200")


def test_a_folder_imports_as_a_folder(here):
    (here / "traces" / "sub").mkdir(parents=True)
    for name in ("a.jsonl", "sub/b.json"):
        (here / "traces" / name).write_text(json.dumps(CALL))
    done("import", "traces", "tapes")
    assert (here / "tapes" / "a.json").exists()
    assert (here / "tapes" / "sub" / "b.json").exists()


def test_files_of_a_folder_do_not_keep_each_other_out(here):
    (here / "traces").mkdir()
    for name, text in (("a.json", json.dumps([CALL])), ("a.jsonl", json.dumps(CALL)), ("b.json", '{"odd": 1}'),
                       ("c.jsonl", ""), ("d.jsonl", json.dumps(CALL))):  # fmt: skip
        (here / "traces" / name).write_text(text)
    for target in ("tapes", "sqlite:x.db"):
        result = run("import", "traces", target)
        assert (result.returncode, result.stdout.count(": 1 interaction from ")) == (1, 3)
        assert [line.partition(": ")[2].partition(";")[0] for line in result.stderr.splitlines()] == [
            "traces/c.jsonl: nothing in it",
        ]
        assert "passed over: traces/b.json: no format known here" in result.stdout
    assert sorted(path.name for path in (here / "tapes").iterdir()) == [
        "a.json.json",
        "a.jsonl.json",
        "d.json",
    ]
    (here / "other").mkdir()
    (here / "other" / "b.json").write_text('{"odd": 1}')
    assert run("import", "other", "nothing").returncode == 2
    (here / "traces" / "e.jsonl").write_text(json.dumps(CALL))
    result = run("import", "traces", "tapes")
    assert result.stderr.count("exists already; --force replaces it") == 3
    assert (here / "tapes" / "e.json").exists()


def test_an_import_that_was_killed_is_told_from_a_whole_one(here):
    (here / "trace.jsonl").write_text(json.dumps(CALL) + "\n")
    done("import", "trace.jsonl", "tape.json")
    assert "tape.json exists already; --force" in refused("import", "trace.jsonl", "tape.json")
    cassette = (here / "tape.json").read_text()
    (here / "tape.json").write_text(cassette.replace('"finished": true', '"finished": false'))
    assert "exists already, not finished" in refused("import", "trace.jsonl", "tape.json")


def test_broken_lines_are_told_with_their_place_and_the_rest_is_there(here):
    (here / "trace.jsonl").write_text(f'{json.dumps(CALL)}\n{{"id": \n{json.dumps({**CALL, "id": "o2"})}\n')
    result = run("import", "trace.jsonl", "tape.json")
    assert result.returncode == 1
    assert "tape.json: 2 interactions" in result.stdout
    [line] = result.stderr.splitlines()
    assert line.startswith("trace.jsonl, line 2: not JSON: ")


def test_a_batch_with_its_requests(here):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi?"}]}
    reply = {"choices": [{"message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}]}
    asked = [{"custom_id": name, "url": "/v1/chat/completions", "body": body} for name in "ab"]
    (here / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in asked))
    response = {"status_code": 200, "body": reply}
    (here / "out.jsonl").write_text(json.dumps({"custom_id": "a", "response": response, "error": None}))
    assert "--requests" in refused("import", "out.jsonl", "tape.json")
    assert not (here / "tape.json").exists()
    said = done("import", "out.jsonl", "tape.json", "--requests", "in.jsonl")
    assert "tape.json: 1 interaction" in said
    assert "left out: 1 time: its request has no result" in said
    (here / "in.jsonl").write_text((here / "in.jsonl").read_text() + '{"cus')
    broken = run("import", "out.jsonl", "tape.json", "--requests", "in.jsonl", "--force")
    assert broken.returncode == 1
    assert broken.stderr.startswith("out.jsonl, line 3: (of in.jsonl) not JSON: ")


def test_requests_of_what_holds_its_requests_are_refused(here):
    (here / "trace.jsonl").write_text(json.dumps(CALL))
    line = refused("import", "trace.jsonl", "tape.json", "--requests", "in.jsonl")
    assert "--requests is for batches" in line
    assert not (here / "tape.json").exists()


def test_what_nobody_knows_is_refused_with_the_names_that_are_known(here):
    (here / "odd.jsonl").write_text('{"odd": 1}\n')
    line = refused("import", "odd.jsonl", "tape.json")
    assert "odd.jsonl: no format known here; say --from" in line
    assert "langsmith" in line
    assert "'nope' is not one of" in refused("import", "odd.jsonl", "tape.json", "--from", "nope")


def test_a_file_of_which_nothing_can_be_read_is_refused_with_the_place(here):
    (here / "broken.json").write_text('{"interactions": [\n{"id": 1,}\n]}')
    assert "broken.json, line 1: not JSON: " in refused("import", "broken.json", "tape.json")
    assert not (here / "tape.json").exists()


def test_a_format_may_be_said(here):
    (here / "odd.jsonl").write_text('{"odd": 1}\n')
    for number, form in enumerate(("langsmith", "langfuse", "otel", "openinference")):
        said = done("import", "odd.jsonl", f"tape{number}.json", "--from", form)
        assert "0 interactions" in said
        assert "  passed over: 1 time: it is no call of a model" in said


def test_secrets_do_not_reach_the_cassette(here):
    key = "sk-proj-9fK2mQ7xLw4RtZ8vB1nC9fK2mQ7xLw4RtZ8vB1nC"
    told = {**CALL, "input": f"My key is {key}.", "metadata": {"note": f"with {key}"}}
    (here / "trace.jsonl").write_text(json.dumps(told))
    done("import", "trace.jsonl", "tape.json")
    text = (here / "tape.json").read_text()
    assert key not in text
    assert "My key is" in text
