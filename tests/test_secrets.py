"""Secrets, end to end: real SDKs record them against a provider that gives them back in every place; then

nothing of them is on disk, in a log or in a warning, and a replay with another key still matches.
"""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from tokentape.testing.provider import faults, redirect
from vault import OPAQUE, OTHER, SHAPED, Vault, json_reply

pytestmark = [
    pytest.mark.usefixtures("outside"),
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
]


@pytest.fixture
def vault(provider, outside, caplog):
    return Vault(provider, outside, caplog)


# Through the SDKs

QUESTION = "What is my key?"


def openai_chat(url, key, **options):
    client = pytest.importorskip("openai").OpenAI(
        api_key=key, base_url=f"{url}/v1", organization="org-Q7xLw4RtZ8vB1nC", max_retries=0
    )
    ask = [{"role": "user", "content": QUESTION}]
    reply = client.chat.completions.create(model="gpt-5-mini", messages=ask, **options)
    if not options:
        return reply.choices[0].message.content
    return "".join(choice.delta.content or "" for event in reply for choice in event.choices)


def openai_stream(url, key):
    return openai_chat(url, key, stream=True)


def openai_responses(url, key):
    client = pytest.importorskip("openai").OpenAI(api_key=key, base_url=f"{url}/v1")
    with client.responses.stream(model="gpt-5-mini", input=QUESTION) as stream:
        deltas = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        return deltas + stream.get_final_response().output_text


def anthropic_stream(url, key):
    client = pytest.importorskip("anthropic").Anthropic(api_key=key, base_url=url)
    ask = {"max_tokens": 99, "messages": [{"role": "user", "content": QUESTION}]}
    with client.messages.stream(model="claude-haiku-4-5", **ask) as stream:
        return "".join(stream.text_stream)


def genai_stream(url, key):
    client = pytest.importorskip("google.genai").Client(api_key=key, http_options={"base_url": url})
    events = client.models.generate_content_stream(model="gemini-3-flash", contents=QUESTION)
    return "".join(event.text or "" for event in events)


def mistral_stream(url, key):
    client = pytest.importorskip("mistralai.client").Mistral(api_key=key, server_url=url)
    ask = [{"role": "user", "content": QUESTION}]
    events = client.chat.stream(model="mistral-small-latest", messages=ask)
    return "".join(event.data.choices[0].delta.content or "" for event in events)


PROGRAMS = [openai_chat, openai_stream, openai_responses, anthropic_stream, genai_stream, mistral_stream]


def echo(secret):
    """What a provider might say of a key: as it is, quoted, in base64, and in JSON in a string."""
    coded = base64.b64encode(f"user:{secret}".encode()).decode()
    nested = json.dumps({"key": secret, "again": [secret]})
    return f"Your key is {secret}. Quoted: {quote(secret, safe='')}. Basic {coded}. Body: {nested}. Done."


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
@pytest.mark.parametrize("secret", [SHAPED, OPAQUE], ids=["shaped", "opaque"])
@pytest.mark.parametrize("every", [7, 100000])
def test_R51_a_key_that_comes_back_in_everything(vault, program, secret, every):
    """In deltas, over chunk boundaries, in headers, in cookies."""
    fields = (
        ("set-cookie", f"session={secret}; Path=/; HttpOnly"),
        ("x-echo", f"you sent Bearer {secret}"),
        ("x-request-url", f"/v1/x?key={quote(secret, safe='')}&a=1"),
        ("x-api-key", secret),
    )
    change = faults.both(faults.split(every, 0), faults.with_headers(*fields))
    vault.provider.answers(echo(secret), change=change)
    live = vault.record(lambda url: program(url, secret), secret)
    assert secret in live
    played = vault.replay(lambda url: program(url, OTHER), secret)
    assert played.startswith("Your key is ")
    assert played.endswith("Done.")
    assert len(played) == len(live)


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_R51_a_key_inside_a_compressed_stream(vault, coding):
    pytest.importorskip({"gzip": "gzip", "br": "brotli"}[coding])
    vault.provider.answers(echo(OPAQUE), change=faults.coded(coding))
    assert OPAQUE in vault.record(lambda url: openai_stream(url, OPAQUE), OPAQUE)
    played = vault.replay(lambda url: openai_stream(url, OTHER), OPAQUE)
    assert played.endswith("Done.")


def test_R31_a_key_in_the_prompt_itself(vault):
    """It stands in no credential position: its shape tells. Another one of the same shape still matches."""

    def program(key):
        def work(url):
            client = pytest.importorskip("openai").OpenAI(
                api_key="sk-test-0000000000000000", base_url=f"{url}/v1"
            )
            nested = json.dumps({"headers": {"Authorization": f"Bearer {key}"}})
            ask = [{"role": "user", "content": f"Why is {key} refused? I sent {nested}"}]
            return client.chat.completions.create(model="m", messages=ask).choices[0].message.content

        return work

    assert SHAPED in vault.record(program(SHAPED), SHAPED)
    other = SHAPED.replace("9fK2m", "3Xa1b")
    vault.replay(program(other), SHAPED, other)


def test_R51_a_rejected_key_that_the_error_repeats(vault):
    openai = pytest.importorskip("openai")
    vault.provider.fails(401, message=f"Incorrect API key provided: {OPAQUE}.")

    def program(key):
        def work(url):
            with pytest.raises(openai.AuthenticationError) as caught:
                openai_chat(url, key)
            return str(caught.value)

        return work

    assert OPAQUE in vault.record(program(OPAQUE), OPAQUE)
    assert "Incorrect API key provided" in vault.replay(program(OTHER), OPAQUE)


# Other places


@pytest.fixture
def http():
    return pytest.importorskip("httpx2")


def test_R51_every_place_of_a_request(vault, http):
    fields = {
        "authorization": f"Bearer {OPAQUE}-a",
        "x-api-key": f"{OPAQUE}-b",
        "api-key": f"{OPAQUE}-c",
        "x-goog-api-key": f"{OPAQUE}-d",
        "proxy-authorization": f"Basic {base64.b64encode(f'me:{OPAQUE}-e'.encode()).decode()}",
        "cookie": f"session={OPAQUE}-f; theme=dark",
        "x-my-secret-token": f"{OPAQUE}-g",
        "openai-organization": f"org-{OPAQUE}-h",
    }
    body = {"access_token": f"{OPAQUE}-i", "nested": {"password": f"{OPAQUE}-j"}, "text": "hello"}
    secrets = [f"{OPAQUE}-{letter}" for letter in "abcdefghijkl"]
    for _ in range(2):
        vault.provider.play(json_reply({"you sent": [fields, body]}))

    def ask(secret, headers, sent):
        def work(url):
            host = url.removeprefix("http://")
            first = http.post(f"{url}/v1/x?key={quote(secret, safe='')}&a=1", headers=headers, json=sent)
            second = http.post(
                f"http://me:{quote(secret + 'x', safe='')}@{host}/v1/y", json={"text": "hello"}
            )
            return first.text + second.text

        return work

    vault.record(ask(f"{OPAQUE}-k", fields, body), *secrets, f"{OPAQUE}-kx")
    text = vault.path.read_text()
    assert "theme=" in text
    assert "hello" in text
    other = {**body, "access_token": "another", "nested": {"password": "this"}}
    vault.replay(ask("different", {"authorization": "Bearer no"}, other), *secrets)


def test_R51_no_key_at_all_matches_too(vault, http):
    def ask(headers, query=""):
        return lambda url: (
            http.post(f"{url}/v1/x{query}", headers=headers, json={"text": "hello"}).status_code
        )

    vault.provider.play(json_reply({}))
    vault.record(ask({"x-api-key": OPAQUE}), OPAQUE)
    vault.replay(ask({}))


def test_R51_a_token_that_was_given_and_then_used(vault, http):
    """OAuth: the reply's `access_token` is a bearer credential from then on, wherever it turns up."""
    vault.provider.play(json_reply({"access_token": OPAQUE, "expires_in": 3600}), path="/oauth/token")
    vault.provider.play(json_reply({"debug": f"token was {OPAQUE}"}), path="/v1/x")

    def work(url):
        token = http.post(f"{url}/oauth/token", data={"grant_type": "client_credentials"}).json()[
            "access_token"
        ]
        return http.post(f"{url}/v1/x", json={"a": 1}, headers={"authorization": f"Bearer {token}"}).text

    assert OPAQUE in vault.record(work, OPAQUE)
    vault.replay(work, OPAQUE)


def test_R51_a_redirect_that_carries_a_key(vault, http):
    vault.provider.play(redirect(f"/v1/y?key={quote(OPAQUE, safe='')}&a=1"), path="/v1/x")
    vault.provider.play(json_reply({"ok": True}), path="/v1/y")

    def work(url):
        return http.post(f"{url}/v1/x", json={"a": 1}, follow_redirects=True).text

    vault.record(work, OPAQUE)
    assert vault.replay(work, OPAQUE) == '{"ok": true}'


def test_R51_an_upload(vault, http):
    vault.provider.play(json_reply({"id": "file-1"}))

    def ask(secret):
        def work(url):
            files = {"file": ("keys.txt", f"OPENAI_API_KEY={secret}\n".encode(), "text/plain")}
            headers = {"authorization": f"Bearer {secret}"}
            return http.post(f"{url}/v1/files", files=files, data={"purpose": "x"}, headers=headers).text

        return work

    vault.record(ask(SHAPED), SHAPED)
    vault.replay(ask(SHAPED.replace("9fK2m", "3Xa1b")), SHAPED)


def test_R30_hop_by_hop_and_credential_fields_of_a_reply(vault, http):
    fields = (
        ("set-cookie", f"session={OPAQUE}; Path=/"),
        ("set-cookie", f"refresh={SHAPED}; HttpOnly"),
        ("connection", "x-hop, keep-alive"),
        ("x-hop", OPAQUE),
        ("x-api-key", OPAQUE),
        ("x-ordinary", "stays"),
    )
    vault.provider.play(json_reply({"ok": True}, fields))

    def work(url):
        answer = http.post(f"{url}/v1/x", json={"a": 1}, headers={"x-api-key": OPAQUE})
        return [(name, value) for name, value in answer.headers.multi_items() if name != "content-length"]

    vault.record(work, OPAQUE, SHAPED)
    played = vault.replay(work, OPAQUE, SHAPED)
    assert ("x-ordinary", "stays") in played
    cookies = [value for name, value in played if name == "set-cookie"]
    assert [cookie.partition("=")[0] for cookie in cookies] == ["session", "refresh"]
    assert cookies[1].endswith("; HttpOnly")
