"""What was imported is replayed: the real SDK asks what the trace says, and gets what the trace says."""

from __future__ import annotations

import json

import pytest
from imp_reading import SAMPLES, imported, lines, otlp
from test_import_otel import CONTENT, MODEL

import tokentape
from tokentape.cassettes.stores.registry import open_store
from tokentape.cli.saving import save
from tokentape.evaluation.corpus.row import Row
from tokentape.matching.key import Matcher
from tokentape.options import Options

TOOLS = [{"name": "weather", "description": "Weather of a city", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]  # fmt: skip
QUESTION = [{"role": "user", "content": "Weather in Lima?"}]


def cassette(path, target):
    store, name = open_store(str(target))
    rules = Matcher(Options.of({}).match_on).rules
    save(store, name, imported(path)[0], finished=True, rules=rules)
    return str(target)


@pytest.fixture
def openai(monkeypatch):
    found = pytest.importorskip("openai")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    return found.OpenAI(max_retries=0)


@pytest.mark.parametrize("name", ["openinference-sdks.jsonl", "langsmith-runs.jsonl"])
def test_openai(tmp_path, openai, name):
    place = cassette(SAMPLES / name, tmp_path / "x.json")
    with tokentape.use_cassette(place, mode="none"):
        reply = openai.chat.completions.create(
            model="gpt-5-mini",
            messages=[
                {"role": "system", "content": "Answer in one word."},
                {"role": "user", "content": "Capital of Peru?"},
            ],
            temperature=0.2,
            max_completion_tokens=50,
        )
        assert reply.choices[0].message.content == "Answer 1 to: Capital of Peru?"
        assert reply.usage is None or reply.usage.prompt_tokens == 12
        pieces = list(
            openai.chat.completions.create(
                model="gpt-5-mini",
                messages=[{"role": "user", "content": "Count to three."}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        said = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
        assert said == "Answer 1 to: Count to three."
        whole = openai.responses.create(
            model="gpt-5-mini", instructions="Be brief.", input="Capital of Chile?"
        )
        assert whole.output_text == "Answer 1 to: Capital of Chile?"


@pytest.mark.parametrize(
    "name", ["openinference-sdks.jsonl", "langsmith-runs.jsonl", "otel-openllmetry-0.62.jsonl"]
)
def test_anthropic(tmp_path, monkeypatch, name):
    anthropic = pytest.importorskip("anthropic")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-none")
    client = anthropic.Anthropic(max_retries=0)
    place = cassette(SAMPLES / name, tmp_path / "x.json")
    with tokentape.use_cassette(place, mode="none"):
        asked = {"model": "claude-haiku-4-5", "max_tokens": 100, "tools": TOOLS}
        first = client.messages.create(**asked, messages=QUESTION)
        [call] = first.content
        assert (call.type, call.name, call.input) == ("tool_use", "weather", {"city": "Oslo"})
        answer = [{"type": "tool_result", "tool_use_id": call.id, "content": "clear"}]
        turns = [
            *QUESTION,
            {"role": "assistant", "content": [call.model_dump(exclude_none=True)]},
            {"role": "user", "content": answer},
        ]
        second = client.messages.create(**asked, messages=turns)
        assert second.content[0].text == "Answer 1 to: Weather in Lima? (given: clear)"
        assert second.usage.input_tokens == 34


@pytest.mark.parametrize("counts", [{}, {"gen_ai.usage.input_tokens": 7}])
@pytest.mark.parametrize("stream", [False, True])
def test_tokens_that_no_trace_tells_are_not_0(tmp_path, monkeypatch, stream, counts):
    anthropic = pytest.importorskip("anthropic")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-none")
    about = {name: value for name, value in {**MODEL, **CONTENT}.items() if ".usage." not in name}
    about |= {"gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-haiku-4-5", **counts}
    about |= {"gen_ai.request.max_tokens": 9, "gen_ai.request.stream": stream}
    path = lines(tmp_path, otlp(about))
    [one] = imported(path)[0]
    usage = Row(one, "imported").usage
    assert (usage and usage.input, usage and usage.output) == ((counts and 7) or None, None)
    asked = {"model": "claude-haiku-4-5", "max_tokens": 9}
    messages = [{"role": "user", "content": "Capital of Peru?"}]
    client = anthropic.Anthropic(max_retries=0)
    with tokentape.use_cassette(cassette(path, tmp_path / "x.json"), mode="none"):
        if stream:
            with client.messages.stream(**asked, messages=messages) as pieces:
                told = pieces.get_final_message()
        else:
            told = client.messages.create(**asked, messages=messages)
    assert (told.content[0].text, told.usage.output_tokens) == ("Lima.", None)


@pytest.mark.parametrize("stream", [False, True])
def test_gemini(tmp_path, stream):
    genai = pytest.importorskip("google.genai")
    about = {
        **MODEL,
        **CONTENT,
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "gemini-2.5-flash",
    }
    path = lines(tmp_path, otlp({**about, "gen_ai.request.stream": stream}))
    place = cassette(path, tmp_path / "x.json")
    client = genai.Client(api_key="none")
    asked = {"model": "gemini-2.5-flash", "contents": "Capital of Peru?"}
    with tokentape.use_cassette(place, mode="none"):
        if stream:
            assert (
                "".join(piece.text or "" for piece in client.models.generate_content_stream(**asked))
                == "Lima."
            )
        else:
            assert client.models.generate_content(**asked).text == "Lima."


def test_secrets_in_a_trace_are_redacted(tmp_path):
    key = "sk-proj-9fK2mQ7xLw4RtZ8vB1nC9fK2mQ7xLw4RtZ8vB1nC"
    asked = [{"role": "user", "parts": [{"type": "text", "content": f"My key is {key}, keep it."}]}]
    about = {**MODEL, **CONTENT, "gen_ai.input.messages": json.dumps(asked)}
    target = tmp_path / "x.json"
    cassette(lines(tmp_path, otlp(about)), target)
    assert key not in target.read_text()
    assert "My key is " in target.read_text()
