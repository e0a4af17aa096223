"""What tests say of a reply: what holds passes, what does not shows both sides."""

from __future__ import annotations

import pytest

import tokentape
from tokentape import assert_llm
from tokentape.errors import UsageError
from tokentape.snapshots import run as runs

pytest.importorskip("rapidfuzz")
pytest.importorskip("jsonschema")


def chat(content=None, calls=(), **more):
    message = {"role": "assistant", "content": content, **more}
    if calls:
        message["tool_calls"] = [
            {"id": f"c{at}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for at, (name, arguments) in enumerate(calls)
        ]
    stop = "tool_calls" if calls else "stop"
    return {"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": stop}]}


FIND = chat(calls=[("find", '{"city": "Paris", "limit": 3}')])


def fails(assertion):
    with pytest.raises(AssertionError) as caught:
        assertion()
    return str(caught.value)


def test_assertions_are_chained():
    reply = assert_llm(chat("It is **in stock**."))
    assert reply.contains("in stock").similar_to("it is in stock").does_not_refuse().calls_no_tool() is reply
    assert reply.text == "It is **in stock**."


def test_what_a_reply_lacks_is_told():
    assert fails(lambda: assert_llm("Sold out.").contains("in stock")) == (
        'contains: the new reply lacks "in stock"\n  text (missing)\n    wanted: "in stock"'
    )


def test_texts_that_are_not_similar_show_where_they_part():
    text = fails(lambda: assert_llm("Nobody knows.").similar_to("In Paris."))
    assert "not enough for 0.8" in text
    assert 'wanted: "in paris."' in text
    assert 'reply:  "nobody knows."' in text
    assert_llm("Nobody knows.").similar_to("In Paris.", at_least=0.1)


def test_json_is_compared_by_field():
    reply = assert_llm('```json\n{"city": "paris", "items": [{"id": 1, "at": "now"}]}\n```')
    reply.is_json().json_equals({"city": "Paris", "items": [{"id": 1, "at": "now"}]})
    reply.json_equals({"city": "Paris", "items": [{"id": 1}]}, scope=["city", "items[*].id"])
    text = fails(lambda: reply.json_equals({"city": "Rome"}, scope="city"))
    assert '  city\n    expected: "Rome"\n    reply:    "paris"' in text
    assert "neither reply has" in fails(lambda: reply.json_equals({"town": 1}, scope="country"))
    assert_llm("[1, 2]").json_equals([2, 1], any_order=True)


def test_what_is_no_json_is_told():
    assert "no JSON" in fails(lambda: assert_llm("Hello").is_json())
    assert "prose around it" in fails(lambda: assert_llm('Here: {"a": 1}, as asked.').is_json())
    assert "no JSON in the new reply" in fails(lambda: assert_llm("Hello").json_equals({"a": 1}))


def test_schemas_of_any_kind(tmp_path):
    schema = {"type": "object", "required": ["city"]}
    (tmp_path / "s.json").write_text('{"type": "object", "required": ["city"]}')
    reply = assert_llm('{"city": "Paris"}')
    reply.matches_schema(schema).matches_schema(tmp_path / "s.json").matches_schema(str(tmp_path / "s.json"))
    assert "not valid" in fails(lambda: assert_llm('{"town": "Paris"}').matches_schema(schema))
    for wrong in (tmp_path / "none.json", 3, {"type": "nonsense"}):
        with pytest.raises(UsageError, match="matches_schema"):
            reply.matches_schema(wrong)


def test_a_pydantic_model_is_a_schema():
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("City", city=(str, ...))
    assert_llm('{"city": "Paris"}').matches_schema(model)
    assert "not valid" in fails(lambda: assert_llm('{"city": 1}').matches_schema(model))


def test_calls_of_tools():
    reply = assert_llm(FIND)
    assert reply.tool_calls == [("find", {"city": "Paris", "limit": 3})]
    reply.calls("find").calls("find", {"limit": 3, "city": "Paris"}).calls(
        "find", {"city": "paris"}, scope="city"
    )
    text = fails(lambda: reply.calls("find", {"city": "Rome", "limit": 3}))
    assert '  calls[0].find.city\n    expected: "Rome"\n    called:   "Paris"' in text
    assert "does not call 'book'; it calls find" in fails(lambda: reply.calls("book"))
    assert 'the reply calls find({"city":"Paris"' in fails(reply.calls_no_tool)


def test_what_is_expected_has_to_be_json():
    for assertion in (
        lambda: assert_llm("{}").json_equals({"at": object()}),
        lambda: assert_llm(FIND).calls("find", {"at": object()}),
    ):
        with pytest.raises(UsageError, match="is no JSON: Object of type object"):
            assertion()
    assert_llm("[1, 2]").json_equals((1, 2))


def test_the_same_tools_as_another_reply():
    two = chat(calls=[("find", '{"a": 1}'), ("book", '{"b": 2}')])
    turned = chat(calls=[("book", '{"b": 2}'), ("find", '{"a": 1}')])
    other = chat(calls=[("find", '{"a": 2}'), ("book", '{"b": 2}')])
    assert_llm(two).same_tools_as(two).same_tools_as(turned, any_order=True).same_tools_as(
        other, arguments=False
    )
    fails(lambda: assert_llm(two).same_tools_as(turned))
    assert "calls[0].find.a" in fails(lambda: assert_llm(two).same_tools_as(other))
    assert_llm("Hello").same_tools_as("Good-bye")
    assert "missing" in fails(lambda: assert_llm("Hello").same_tools_as(two))


def test_refusals():
    assert_llm(chat(refusal="I cannot help with that.")).refuses()
    assert_llm("I'm sorry, but I can't help with that.").refuses()
    assert_llm("Paris.").does_not_refuse()
    assert "does not refuse; it says" in fails(lambda: assert_llm("Paris.").refuses())
    assert "the reply refuses" in fails(
        lambda: assert_llm("I'm sorry, but I can't help with that.").does_not_refuse()
    )


def test_any_comparators():
    assert_llm("In Paris.").passes("exact", "in  PARIS.").passes("fuzzy:0.5,contains", "Paris")
    assert fails(lambda: assert_llm("Rome").passes("exact", "Paris")).startswith("exact: ")
    with pytest.raises(UsageError, match="no comparator is called"):
        assert_llm("Rome").passes("nonsense", "Paris")


def test_a_reply_that_is_not_whole_passes_nothing():
    cut = chat("In Par")
    cut["choices"][0]["finish_reason"] = "error"
    assert "not whole" in fails(lambda: assert_llm(cut).contains("In"))


class TestSnapshots:
    """Without a test of pytest: the file is named."""

    @pytest.fixture(autouse=True)
    def _outside(self, outside, monkeypatch):
        monkeypatch.setattr(runs, "run", runs.Run())
        monkeypatch.delenv("TOKENTAPE_UPDATE_SNAPSHOTS", raising=False)
        self.folder = outside

    def test_a_file_has_to_be_named(self):
        with pytest.raises(UsageError, match="name the file"):
            assert_llm("Hello").matches_snapshot()

    def test_it_is_written_and_then_compared(self):
        assert_llm(FIND).matches_snapshot(path="new/a.json")
        written = (self.folder / "new" / "a.json").read_text()
        assert written == (
            '{\n  "tokentape_snapshot": 1,\n  "model": "m",\n  "stop": "tool_calls",\n  "reply": [\n    {\n'
            '      "call": "find",\n      "arguments": {\n        "city": "Paris",\n        "limit": 3\n      }\n'
            "    }\n  ]\n}\n"
        )
        assert_llm(FIND).matches_snapshot(path="new/a.json")
        other = chat(calls=[("find", '{"city": "Rome", "limit": 3}')])
        text = fails(lambda: assert_llm(other).matches_snapshot(path="new/a.json"))
        assert "the reply differs from its snapshot new/a.json" in text
        assert '  calls[0].find.city\n    snapshot: "Paris"\n    now:      "Rome"\n' in text
        assert "TOKENTAPE_UPDATE_SNAPSHOTS=1" in text
        assert (self.folder / "new" / "a.json").read_text() == written
        assert [path.name for path in (self.folder / "new").iterdir()] == ["a.json"]

    def test_what_differs_is_written_anew_where_that_is_asked_for(self, monkeypatch):
        assert_llm("In Paris.").matches_snapshot(path="a.json")
        monkeypatch.setenv("TOKENTAPE_UPDATE_SNAPSHOTS", "1")
        assert_llm("Nobody knows for sure.").matches_snapshot(path="a.json")
        monkeypatch.delenv("TOKENTAPE_UPDATE_SNAPSHOTS")
        assert_llm("Nobody knows for sure.").matches_snapshot(path="a.json")
        assert_llm("In Paris.").matches_snapshot(path="a.json", update=True)
        assert "In Paris." in (self.folder / "a.json").read_text()

    def test_what_still_passes_stays_as_it_is(self):
        assert_llm("In Paris, France.").matches_snapshot(path="a.json")
        assert_llm("in paris, france").matches_snapshot(path="a.json", update=True)
        assert "In Paris, France." in (self.folder / "a.json").read_text()

    def test_in_ci_a_missing_one_fails(self, monkeypatch):
        monkeypatch.setenv("CI", "true")
        text = fails(lambda: assert_llm("Hello").matches_snapshot(path="a.json"))
        assert text.startswith("there is no snapshot a.json; write it with\n  TOKENTAPE_UPDATE_SNAPSHOTS=1")
        assert not list(self.folder.iterdir())
        assert_llm("Hello").matches_snapshot(path="a.json", update=True)

    def test_a_file_that_is_no_snapshot_is_told(self):
        for text in (
            "{",
            "<<<<<<< HEAD",
            "[" * 100_000,
            "[]",
            '{"tokentape_snapshot": 2}',
            '{"tokentape_snapshot": 1, "reply": [{"a": 1}]}',
        ):
            (self.folder / "a.json").write_text(text)
            with pytest.raises(UsageError, match=r"a\.json: "):
                assert_llm("Hello").matches_snapshot(path="a.json")
            assert_llm("Hello").matches_snapshot(path="a.json", update=True).matches_snapshot(path="a.json")

    def test_comparators_that_do_not_apply_pass_nothing_by_themselves(self):
        assert_llm("Hello").matches_snapshot(path="a.json", compare="exact,toolcalls")
        assert_llm("Hello").matches_snapshot(path="a.json", compare="exact,toolcalls")
        text = fails(lambda: assert_llm("Hello").matches_snapshot(path="a.json", compare="toolcalls"))
        assert "no tools are offered" in text

    def test_the_comparators_are_the_tests_to_choose(self):
        assert_llm('{"city": "Paris", "at": 1}').matches_snapshot(path="a.json")
        assert_llm('{"city": "Paris", "at": 2}').matches_snapshot(path="a.json", compare="json:city")
        assert "at" in fails(lambda: assert_llm('{"city": "Paris", "at": 2}').matches_snapshot(path="a.json"))

    def test_json_and_long_texts_are_written_as_people_read_them(self):
        assert_llm('{"city": "Zürich",\n  "n": 1.50}').matches_snapshot(path="j.json")
        assert '"city": "Zürich"' in (self.folder / "j.json").read_text()
        assert_llm('{"city": "Zürich",\n  "n": 1.50}').matches_snapshot(path="j.json", compare="exact")
        poem = "\n".join(["A line that is long enough to fill a row."] * 3)
        assert_llm(poem).matches_snapshot(path="t.json")
        assert (self.folder / "t.json").read_text().count("A line that is long enough") == 3
        assert_llm(poem).matches_snapshot(path="t.json", compare="exact")

    def test_secrets_do_not_reach_the_file_and_do_not_differ(self):
        key = "sk-proj-" + "Ab1" * 16
        for reply in (f"Your key is {key}.", f'{{"note": "use {key}", "password": "hunter2hunter2"}}'):
            assert_llm(reply).matches_snapshot(path="s.json", update=True)
            written = (self.folder / "s.json").read_text()
            assert key not in written
            assert "hunter2" not in written
            assert_llm(reply).matches_snapshot(path="s.json", compare="exact")

    def test_what_the_cassette_knows_of_secrets_is_hidden_too(self):
        with tokentape.use_cassette("c.json", mode="new_episodes") as deck:
            deck.learn(["correct horse battery"])
            assert_llm("It is correct horse battery.").matches_snapshot(path="s.json")
        assert "horse" not in (self.folder / "s.json").read_text()

    def test_a_reply_that_is_not_whole_is_no_snapshot(self):
        cut = chat("In Par")
        cut["choices"][0]["finish_reason"] = "error"
        assert "no snapshot can be compared" in fails(lambda: assert_llm(cut).matches_snapshot(path="a.json"))

    def test_pictures_and_thoughts(self):
        body = {
            "candidates": [
                {
                    "content": {
                        "role": "model",
                        "parts": [
                            {"text": "Let me think", "thought": True},
                            {"text": "Here:"},
                            {"inlineData": {"mimeType": "image/png", "data": "aGVsbG8="}},
                        ],
                    },
                    "finishReason": "STOP",
                }
            ]
        }
        assert_llm(body).matches_snapshot(path="p.json", compare="exact")
        written = (self.folder / "p.json").read_text()
        assert "think" not in written
        assert "image" in written
        assert_llm(body).matches_snapshot(path="p.json", compare="exact")
        body["candidates"][0]["content"]["parts"][2]["inlineData"]["data"] = "d29ybGQ="
        fails(lambda: assert_llm(body).matches_snapshot(path="p.json", compare="exact"))
