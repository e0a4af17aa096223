"""Options that hide more, on both sides, and the quarantine for what a hook puts back."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

import tokentape
from tokentape.errors import RecordingFailed, TokentapeWarning
from vault import OPAQUE, SHAPED, Vault, json_reply

pytestmark = pytest.mark.usefixtures("outside")


@pytest.fixture
def vault(provider, outside, caplog):
    return Vault(provider, outside, caplog)


@pytest.fixture
def http():
    return pytest.importorskip("httpx2")


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
    "metadata": (lambda i, s: replace(i, metadata={"note": s}), "metadata"),
}


def _in_response(interaction, **changes):
    return replace(interaction, response=replace(interaction.response, **changes))


def _in_request(interaction, **changes):
    return replace(interaction, request=replace(interaction.request, **changes))


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
