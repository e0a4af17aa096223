"""Secrets, end to end: real SDKs record them against a provider that gives them back in every place; then

nothing of them is on disk, in a log or in a warning, and a replay with another key still matches.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import warnings
from urllib.parse import quote

import pytest

import tokentape
from tokentape.errors import RecordingFailed, TokentapeWarning
from tokentape.testing.provider import faults, redirect, reply

pytestmark = [
    pytest.mark.usefixtures("outside"),
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
]
TAIL = "9fK2mQ7xLw4RtZ8vB1nC"
SHAPED = f"sk-proj-{TAIL}_{TAIL}-{TAIL}"
OPAQUE = "q8Zt3VbN0sLk5WyR/7+zA"
"""A credential without a shape: only the place where it was seen tells what it is."""

OTHER = "sk-other-key-of-a-colleague-0001"


def forms(secret):
    """The secret as bytes: plain, quoted, JSON-escaped, and within any base64."""
    plain = secret.encode()
    found = {plain, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode()}
    for lead in range(3):
        code = base64.b64encode(b"\0" * lead + plain)
        found.add(code[(0, 2, 3)[lead] : len(code) // 4 * 4 - 4])
    return found


def left_of(secret, data):
    """The forms of the secret, and its halves, that are in `data`."""
    half = len(secret) // 2
    pieces = forms(secret) | {secret[:half].encode(), secret[half:].encode()}
    return sorted(piece for piece in pieces if piece in data)


class Vault:
    """Records and replays, looking through everything that is left behind at every moment."""

    def __init__(self, provider, folder, caplog):
        self.provider, self.folder, self.caplog = provider, folder / "tapes", caplog
        self.path = self.folder / "tape.json"
        caplog.set_level(logging.DEBUG)

    def record(self, work, *secrets, **options):
        """What `work(url)` returns; nothing of the secrets may be in journal, cassette, log or warning."""
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with tokentape.use_cassette(self.path, mode="once", errors="record", **options) as deck:
                result = work(self.provider.url)
                self.check(*secrets, said=said)
                assert [path.suffix for path in self.folder.iterdir()] == [".journal"]
        assert deck.troubles == ()
        assert self.provider.count == len(json.loads(self.path.read_text())["interactions"])
        self.check(*secrets, said=said)
        return result

    def check(self, *secrets, said=()):
        logged = "\n".join(
            f"{record.getMessage()} {record.args}"
            for record in self.caplog.records
            if record.name.startswith("tokentape")
        )
        data = [path.read_bytes() + path.name.encode() for path in self.folder.rglob("*") if path.is_file()]
        assert data
        assert "tokentape" in {record.name.partition(".")[0] for record in self.caplog.records}
        data += [logged.encode(), "\n".join(str(warning.message) for warning in said).encode()]
        for secret in secrets:
            for text in data:
                assert left_of(secret, text) == [], text[:3000]

    def replay(self, work, *secrets, **options):
        """What `work(url)` returns with nothing sent: joined deltas and decoded bodies hold no secret."""
        seen = self.provider.count
        with tokentape.use_cassette(self.path, mode="none", **options) as deck:
            result = work(self.provider.url)
        assert deck.unused == []
        assert self.provider.count == seen
        for secret in secrets:
            assert left_of(secret, str(result).encode()) == []
        return result


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


def json_reply(value, headers=()):
    return reply(json.dumps(value).encode(), 200, (("content-type", "application/json"), *headers))


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


# Options, the same on both sides


def test_filter_options_hide_further_fields_and_do_not_matter_for_matching(vault, http):
    options = {
        "filter_headers": ["x-tenant*"],
        "filter_query": ["tenant"],
        "filter_json": ["user.ssn", "badge"],
        "redact": [r"CUST-\d{6}"],
    }
    vault.provider.play(
        json_reply({"user": {"ssn": "078-05-1120"}, "badge": "B-998877", "for": "CUST-123456"})
    )

    def ask(tenant, ssn, badge, customer):
        def work(url):
            body = {
                "user": {"ssn": ssn, "name": "Ada"},
                "items": [{"badge": badge}],
                "text": f"for {customer}",
            }
            headers = {"x-tenant-name": tenant}
            return http.post(f"{url}/v1/x?tenant={tenant}&a=1", json=body, headers=headers).text

        return work

    planted = ("acme-corporation", "078-05-1120", "B-998877", "CUST-123456")
    vault.record(ask(*planted), *planted, **options)
    assert "Ada" in vault.path.read_text()
    vault.replay(ask("other", "219-09-9999", "B-1", "CUST-654321"), *planted, **options)


def test_before_record_sees_what_is_stored_and_what_is_looked_up(vault, http):
    """A hook that takes the time out of a prompt: recorded without it, found without it."""
    from dataclasses import replace

    def timeless(interaction):
        body = re.sub(rb"It is \w+ \d\d:\d\d", b"It is now", interaction.request.body)
        return replace(interaction, request=replace(interaction.request, body=body))

    def ask(time):
        return lambda url: http.post(f"{url}/v1/x", json={"text": f"It is {time}. Hello."}).status_code

    vault.provider.play(json_reply({}))
    vault.record(ask("morning 09:30"), "morning 09:30", before_record=timeless)
    vault.replay(ask("evening 17:45"), before_record=timeless)


def test_a_hook_that_returns_none_keeps_a_call_out(vault, http):
    def only_ordinary(interaction):
        return None if b"private" in interaction.request.body else interaction

    vault.provider.play(json_reply({}), times=2)
    with tokentape.use_cassette(vault.path, mode="once", before_record=only_ordinary) as deck:
        for text in ("private", "ordinary"):
            assert http.post(f"{vault.provider.url}/v1/x", json={"text": text}).status_code == 200
    assert (deck.tally.recorded, deck.troubles) == (1, ())
    vault.check("private-but-not-secret")
    assert "private" not in vault.path.read_text()


# Quarantine

BACK = {
    "response header": (
        lambda i, s: _in_response(i, headers=(*i.response.headers, ("x-debug", s))),
        "x-debug",
    ),
    "response body": (lambda i, s: _in_response(i, body=s.encode(), chunks=(len(s),)), "response.body"),
    "request body": (lambda i, s: _in_request(i, body=json.dumps({"text": s}).encode()), "request.body"),
    "url": (lambda i, s: _in_request(i, url=f"{i.request.url}?debug={s}"), "request.url"),
    "metadata": (lambda i, s: _replaced(i, metadata={"note": s}), "metadata"),
}


def _replaced(interaction, **changes):
    from dataclasses import replace

    return replace(interaction, **changes)


def _in_response(interaction, **changes):
    return _replaced(interaction, response=_replaced(interaction.response, **changes))


def _in_request(interaction, **changes):
    return _replaced(interaction, request=_replaced(interaction.request, **changes))


@pytest.mark.parametrize(
    "secret", [SHAPED, OPAQUE.replace("/", "_").replace("+", "-")], ids=["shaped", "opaque"]
)
@pytest.mark.parametrize("place", BACK)
def test_quarantine_a_secret_that_a_hook_puts_back_keeps_the_call_out(vault, http, place, secret):
    put, where = BACK[place]

    def broken(interaction):
        return interaction if interaction.response is None else put(interaction, secret)

    vault.provider.play(json_reply({"ok": True}), times=None)
    with pytest.warns(TokentapeWarning, match="a secret would be left in") as said:
        with tokentape.use_cassette(vault.path, mode="once", before_record=broken) as deck:
            headers = {"authorization": f"Bearer {secret}"}
            answer = http.post(f"{vault.provider.url}/v1/x", json={"text": "hello"}, headers=headers)
    assert answer.json() == {"ok": True}
    [trouble] = deck.troubles
    assert isinstance(trouble, RecordingFailed)
    assert where in str(trouble)
    assert "tape.json" in str(trouble)
    assert deck.tally.recorded == 0
    assert json.loads(vault.path.read_text())["interactions"] == []
    vault.check(secret, said=said)
