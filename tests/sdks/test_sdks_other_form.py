"""Real SDKs, recorded one way and asked the other: what they return is the same (R04)."""

from __future__ import annotations

import asyncio

import pytest

import tokentape
from tokentape.testing.provider import Call, Turn

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")

HELLO = [{"role": "user", "content": "Say hello, größe 世界 🌍."}]
THINKING = {"type": "enabled", "budget_tokens": 2000}
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CHAT_TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}
TURNS = {
    "text": Turn("Größe: 世界 🌍.\n\n1. one\n2. two"),
    "calls": Turn(
        calls=(Call("get_weather", {"city": "Oslo"}), Call("get_weather", {"city": "Rome", "n": [1.5]}))
    ),
    "all": Turn("Let me see.", calls=(Call("get_weather", {}),), thinking="First this. Then that."),
}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(outside):
    return outside


@pytest.fixture
def tape(provider, outside):
    return Tape(provider, outside / "a.json")


class Tape:
    """Records one scenario, then plays others against the recording, with the provider stopped."""

    def __init__(self, provider, path):
        self.provider, self.path = provider, path
        self.deck = None

    def run(self, scenario, **options):
        async def in_loop():
            async with tokentape.use_cassette(self.path, errors="record", **options) as self.deck:
                return await scenario(self.provider.url)

        if asyncio.iscoroutinefunction(scenario):
            return asyncio.run(in_loop())
        with tokentape.use_cassette(self.path, errors="record", **options) as self.deck:
            return scenario(self.provider.url)

    def made(self, scenario, **options):
        """What the scenario gets of the recording in the other form."""
        self.provider.stop()
        got = self.run(scenario, mode="none", synthesize=True, **options)
        assert self.deck.tally.synthesized >= 1
        assert self.deck.tally.missed == 0
        return got


def plain(value):
    return value.model_dump(mode="json", warnings=False, exclude={"parsed_output", "parsed"})


def oai(url, **options):
    return openai.OpenAI(api_key="sk-x", base_url=f"{url}/v1", max_retries=0, **options)


def claude(url, **options):
    return anthropic.Anthropic(api_key="sk-x", base_url=url, max_retries=0, **options)


CHAT = {"model": "gpt-5-mini", "messages": HELLO, "tools": [CHAT_TOOL]}
RESPONSES = {"model": "gpt-5-mini", "input": "Say hello.", "reasoning": {"effort": "low", "summary": "auto"}}
MESSAGES = {"model": "claude-sonnet-4-6", "max_tokens": 4000, "messages": HELLO, "thinking": THINKING}


def chat_whole(url):
    return plain(oai(url).chat.completions.create(**CHAT))


def chat_stream(url):
    with oai(url).chat.completions.stream(**CHAT, stream_options={"include_usage": True}) as stream:
        list(stream)
        return plain(stream.get_final_completion())


def responses_whole(url):
    return plain(oai(url).responses.create(**RESPONSES))


def responses_stream(url):
    with oai(url).responses.stream(**RESPONSES) as stream:
        events = list(stream)
        assert [event.sequence_number for event in events] == list(range(len(events)))
        return plain(stream.get_final_response())


def messages_whole(url):
    return plain(claude(url).messages.create(**MESSAGES))


def messages_stream(url):
    with claude(url).messages.stream(**MESSAGES) as stream:
        return plain(stream.get_final_message())


async def chat_whole_async(url):
    async with openai.AsyncOpenAI(api_key="sk-x", base_url=f"{url}/v1", max_retries=0) as sdk:
        return plain(await sdk.chat.completions.create(**CHAT))


async def chat_stream_async(url):
    if openai.VERSION.startswith("2."):
        pytest.skip("the asynchronous helper of openai 2 takes strict tools only")
    async with openai.AsyncOpenAI(api_key="sk-x", base_url=f"{url}/v1", max_retries=0) as sdk:
        options = {"include_usage": True}
        async with sdk.chat.completions.stream(**CHAT, stream_options=options) as stream:
            return plain(await stream.get_final_completion())


async def responses_whole_async(url):
    async with openai.AsyncOpenAI(api_key="sk-x", base_url=f"{url}/v1", max_retries=0) as sdk:
        return plain(await sdk.responses.create(**RESPONSES))


async def responses_stream_async(url):
    async with openai.AsyncOpenAI(api_key="sk-x", base_url=f"{url}/v1", max_retries=0) as sdk:
        async with sdk.responses.stream(**RESPONSES) as stream:
            return plain(await stream.get_final_response())


async def messages_whole_async(url):
    async with anthropic.AsyncAnthropic(api_key="sk-x", base_url=url, max_retries=0) as sdk:
        return plain(await sdk.messages.create(**MESSAGES))


async def messages_stream_async(url):
    async with anthropic.AsyncAnthropic(api_key="sk-x", base_url=url, max_retries=0) as sdk:
        async with sdk.messages.stream(**MESSAGES) as stream:
            return plain(await stream.get_final_message())


PAIRS = {
    "chat": (chat_whole, chat_stream),
    "chat, async": (chat_whole_async, chat_stream_async),
    "responses": (responses_whole, responses_stream),
    "responses, async": (responses_whole_async, responses_stream_async),
    "messages": (messages_whole, messages_stream),
    "messages, async": (messages_whole_async, messages_stream_async),
}


def alike(one, other):
    """Equal but for nulls, which accumulators add and leave out, and what only a whole reply has."""
    return settled(one) == settled(other)


def settled(value):
    if isinstance(value, dict):
        kept = {name: settled(entry) for name, entry in value.items() if name not in ("index", "annotations")}
        return {name: entry for name, entry in kept.items() if entry is not None}
    return [settled(entry) for entry in value] if isinstance(value, list) else value


CASES = [
    pytest.param(pair, turn, id=f"{name}: {said}")
    for name, pair in PAIRS.items()
    for said, turn in TURNS.items()
    if "async" not in name or said == "all"
]


@pytest.mark.parametrize(("pair", "turn"), CASES)
def test_R04_a_whole_recording_serves_a_stream(tape, pair, turn):
    whole, stream = pair
    tape.provider.answers(turn)
    assert alike(tape.run(whole), tape.made(stream))


@pytest.mark.parametrize(("pair", "turn"), CASES)
def test_R04_a_recorded_stream_serves_a_whole_reply(tape, pair, turn):
    whole, stream = pair
    tape.provider.answers(turn)
    assert alike(tape.run(stream), tape.made(whole))


def chat_events(url):
    sdk = oai(url)
    return [plain(chunk) for chunk in sdk.chat.completions.create(**CHAT, stream=True)]


def responses_events(url):
    return [plain(event) for event in oai(url).responses.create(**RESPONSES, stream=True)]


def messages_events(url):
    return [plain(event) for event in claude(url).messages.create(**MESSAGES, stream=True)]


def last_of_chat(events):
    return events[-1]["choices"][0]["finish_reason"]


def last_of_responses(events):
    return events[-1]["type"]


def last_of_messages(events):
    return events[-2]["delta"]["stop_reason"]


@pytest.mark.parametrize(
    ("whole", "stream", "last", "expected"),
    [
        (chat_whole, chat_events, last_of_chat, "length"),
        (responses_whole, responses_events, last_of_responses, "response.incomplete"),
        (messages_whole, messages_events, last_of_messages, "max_tokens"),
    ],
)
def test_R04_a_reply_that_the_token_limit_ended(tape, whole, stream, last, expected):
    tape.provider.answers(Turn("As far as", cut_short=True))
    tape.run(whole)
    events = tape.made(stream)
    assert last(events) == expected


@pytest.mark.parametrize(
    ("whole", "stream"),
    [(chat_whole, chat_events), (responses_whole, responses_events), (messages_whole, messages_events)],
)
def test_R04_the_events_are_those_that_the_provider_sends(tape, whole, stream):
    """The loopback provider shares no code with the dialects: its streams are the judge of ours."""
    tape.provider.answers(TURNS["all"], times=2)
    live = tape.run(stream)
    tape.path.unlink()
    tape.run(whole)
    ours = tape.made(stream)
    assert [shape(event) for event in ours] == [shape(event) for event in live]


def shape(event):
    """Kind and fields of an event, without ids and texts; how arguments are cut is nobody's promise."""
    if "choices" in event:
        deltas = [{k for k, v in choice["delta"].items() if v} for choice in event["choices"]]
        return deltas, [choice["finish_reason"] for choice in event["choices"]]
    return event["type"], sorted(event)


genai = pytest.importorskip("google.genai")
ASK = {"model": "gemini-3-flash", "contents": "Say hello."}


def google(url):
    return genai.Client(api_key="AIzaSyA0123456789abcdef0123456789abcdef", http_options={"base_url": url})


def config():
    thinking = genai.types.ThinkingConfig(include_thoughts=True)
    declared = genai.types.FunctionDeclaration(name="get_weather", parameters_json_schema=WEATHER)
    tools = [genai.types.Tool(function_declarations=[declared])]
    return genai.types.GenerateContentConfig(thinking_config=thinking, tools=tools)


def gemini_whole(url):
    sdk = google(url)
    try:
        return told([sdk.models.generate_content(**ASK, config=config())])
    finally:
        sdk.close()


def gemini_stream(url):
    sdk = google(url)
    try:
        return told(list(sdk.models.generate_content_stream(**ASK, config=config())))
    finally:
        sdk.close()


async def gemini_stream_async(url):
    http = pytest.importorskip("httpx2").AsyncClient()
    options = {"base_url": url, "httpx_async_client": http}
    sdk = genai.Client(api_key="AIzaSyA0123456789abcdef0123456789abcdef", http_options=options)
    try:
        stream = await sdk.aio.models.generate_content_stream(**ASK, config=config())
        return told([chunk async for chunk in stream])
    finally:
        await http.aclose()
        sdk.close()


def told(replies):
    """What a reply or its chunks say: the SDK puts no stream together."""
    parts = [part for reply in replies for part in reply.candidates[0].content.parts]
    texts = [
        "".join(part.text for part in parts if part.text and bool(part.thought) is kind)
        for kind in (True, False)
    ]
    calls = [part.function_call.model_dump() for part in parts if part.function_call]
    last = replies[-1]
    return *texts, calls, last.candidates[0].finish_reason, last.usage_metadata.model_dump(), last.response_id


GEMINI = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")


@GEMINI
@pytest.mark.parametrize(
    ("turn", "stream"),
    [*((turn, gemini_stream) for turn in TURNS.values()), (TURNS["all"], gemini_stream_async)],
    ids=[*TURNS, "all, async"],
)
def test_R04_gemini_whole_as_a_stream(tape, turn, stream):
    tape.provider.answers(turn)
    assert tape.run(gemini_whole) == tape.made(stream)


@GEMINI
@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_R04_gemini_stream_as_a_whole(tape, turn):
    tape.provider.answers(turn)
    assert tape.run(gemini_stream) == tape.made(gemini_whole)


def mistral_whole(url):
    with pytest.importorskip("mistralai.client").Mistral(api_key="x", server_url=url) as sdk:
        reply = sdk.chat.complete(model="mistral-small-latest", messages=HELLO, tools=[CHAT_TOOL])
    message = reply.choices[0].message
    return message.content, called(message.tool_calls), reply.choices[0].finish_reason


def mistral_stream(url):
    with pytest.importorskip("mistralai.client").Mistral(api_key="x", server_url=url) as sdk:
        events = sdk.chat.stream(model="mistral-small-latest", messages=HELLO, tools=[CHAT_TOOL])
        choices = [event.data.choices[0] for event in events]
    calls = [call for choice in choices for call in choice.delta.tool_calls or []]
    text = "".join(choice.delta.content or "" for choice in choices)
    return text, called(calls), choices[-1].finish_reason


def called(calls):
    return [(call.id, call.function.name, call.function.arguments) for call in calls or []]


@pytest.mark.parametrize(("one", "other"), [(mistral_whole, mistral_stream), (mistral_stream, mistral_whole)])
def test_R04_mistral_takes_its_calls_whole(tape, one, other):
    tape.provider.answers(Turn("Let me see.", calls=(Call("get_weather", {"city": "Oslo"}),)))
    assert tape.run(one) == tape.made(other)
