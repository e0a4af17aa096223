"""Tokens of Google and Azure, from servers that give them and that do not."""

from __future__ import annotations

import asyncio
import json
import sys
from urllib.parse import parse_qs

import pytest
from up_tokens import running
from up_wire import Clock, NoSender, asked, says

from tokentape.errors import UsageError
from tokentape.testing.provider import Provider
from tokentape.testing.provider.script import Cut, Script
from tokentape.upstreams.auth.kinds import Surroundings, auth_of
from tokentape.upstreams.upstream import AuthFailed, Secret


def form(provider: Provider, number: int = -1) -> dict[str, str]:
    return {
        name: values[0] for name, values in parse_qs((provider.requests[number].body or b"").decode()).items()
    }


def account_file(tmp_path, url: str, **changes) -> tuple[str, object]:
    pytest.importorskip("cryptography")
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    fields = {
        "type": "service_account", "client_email": "robot@p.iam.gserviceaccount.com", "private_key_id": "k1",
        "private_key": pem, "token_uri": url + "/token", **changes,
    }  # fmt: skip
    file = tmp_path / "account.json"
    file.write_text(json.dumps(fields))
    return str(file), key.public_key()


def test_a_service_account_exchanges_a_signed_statement_for_a_token(tmp_path):
    from base64 import urlsafe_b64decode

    with Provider() as provider:
        file, public = account_file(tmp_path, provider.url)
        provider.play(says(200, {"access_token": "ya29.one", "expires_in": 3599}))

        async def scenario(auth):
            return await asyncio.gather(
                *(auth.signed(asked(Authorization="Bearer x"), None) for _ in range(100))
            )

        clock = Clock()
        results = running(provider, "google", {"file": file, "scope": "s1"}, scenario, clock=clock)
        assert {one.header("Authorization") for one in results} == {"Bearer ya29.one"}
        assert provider.count == 1
        sent = form(provider)
        assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        head, claims, signature = (urlsafe_b64decode(part + "==") for part in sent["assertion"].split("."))
        assert json.loads(head) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
        assert json.loads(claims) == {
            "iss": "robot@p.iam.gserviceaccount.com", "scope": "s1", "aud": provider.url + "/token",
            "iat": int(clock.at), "exp": int(clock.at) + 3600,
        }  # fmt: skip
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        public.verify(signature, sent["assertion"].rpartition(".")[0].encode(), PKCS1v15(), SHA256())


def test_accounts_come_from_the_environment_or_the_credential_too(tmp_path):
    with Provider() as provider:
        file, _ = account_file(tmp_path, provider.url)
        provider.play(says(200, {"access_token": "t1", "expires_in": 3599}))
        provider.play(says(200, {"access_token": "t2"}))

        async def scenario(auth):
            text = Secret((tmp_path / "account.json").read_text())
            return [
                (await auth.signed(asked(), secret)).header("Authorization") for secret in (None, text, None)
            ]

        environment = {"GOOGLE_APPLICATION_CREDENTIALS": file}
        assert running(provider, "google", {}, scenario, environment) == [
            "Bearer t1",
            "Bearer t2",
            "Bearer t1",
        ]


def test_what_is_wrong_with_an_account_is_told_before_anything_is_asked(tmp_path):
    file, _ = account_file(tmp_path, "http://tokens.example.com")
    with pytest.raises(UsageError, match="token_uri"):
        auth_of("google", {"file": file}, Surroundings(NoSender(), Clock(), {}))
    for changes, words in (
        ({"type": "authorized_user"}, "gcloud"),
        ({"private_key": "x"}, "private key"),
        ({"client_email": ""}, "client_email"),
    ):
        file, _ = account_file(tmp_path, "https://oauth2.googleapis.com", **changes)
        with pytest.raises(UsageError, match=words):
            auth_of("google", {"file": file}, Surroundings(NoSender(), Clock(), {}))

    async def without():
        auth = auth_of("google", {}, Surroundings(NoSender(), Clock(), {}))
        await auth.signed(asked(), None)

    with pytest.raises(AuthFailed, match="no service account"):
        asyncio.run(without())


def test_without_cryptography_the_line_says_what_to_install(tmp_path, monkeypatch):
    file, _ = account_file(tmp_path, "https://oauth2.googleapis.com")
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(UsageError, match="pip install cryptography"):
        auth_of("google", {"file": file}, Surroundings(NoSender(), Clock(), {}))


AZURE = {"tenant_id": "my/tenant", "client_id": "app"}


def test_an_application_of_azures_asks_with_its_secret():
    with Provider() as provider:
        provider.play(says(200, {"access_token": "e1", "expires_in": "3599", "token_type": "Bearer"}))
        options = {**AZURE, "authority": provider.url}

        async def scenario(auth):
            return (await auth.signed(asked(), Secret("p&s"))).header("Authorization")

        assert running(provider, "azure", options, scenario) == "Bearer e1"
        assert provider.requests[0].target == "/my%2Ftenant/oauth2/v2.0/token"
        assert form(provider) == {
            "grant_type": "client_credentials", "client_id": "app", "client_secret": "p&s",
            "scope": "https://cognitiveservices.azure.com/.default",
        }  # fmt: skip


def test_a_refused_token_of_azures_is_asked_for_again():
    with Provider() as provider:
        for number in (1, 2):
            provider.play(says(200, {"access_token": f"e{number}", "expires_in": 3599}))
        options = {**AZURE, "authority": provider.url, "client_secret": "s"}

        async def scenario(auth):
            first = (await auth.signed(asked(), None)).header("Authorization")
            again = await auth.refused(None)
            return first, again, (await auth.signed(asked(), None)).header("Authorization")

        assert running(provider, "azure", options, scenario) == ("Bearer e1", True, "Bearer e2")


def test_a_machine_asks_for_its_identitys_token():
    with Provider() as provider:
        for _ in range(2):
            provider.play(says(200, {"access_token": "m1", "expires_in": "86000"}))

        async def scenario(auth):
            return (await auth.signed(asked(), None)).header("Authorization")

        options = {"endpoint": provider.url + "/metadata/identity/oauth2/token", "client_id": "c"}
        assert running(provider, "azure-identity", options, scenario) == "Bearer m1"
        seen = provider.requests[0]
        assert (seen.method, seen.header("Metadata")) == ("GET", "true")
        assert seen.query == {
            "resource": ["https://cognitiveservices.azure.com"],
            "client_id": ["c"],
            "api-version": ["2018-02-01"],
        }
        service = {"IDENTITY_ENDPOINT": provider.url + "/msi/token", "IDENTITY_HEADER": "h"}
        assert running(provider, "azure-identity", {}, scenario, service) == "Bearer m1"
        assert provider.requests[1].header("X-IDENTITY-HEADER") == "h"
        assert provider.requests[1].query["api-version"] == ["2019-08-01"]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            says(401, {"error": "invalid_client", "error_description": "secret hush is wrong"}),
            r"status 401 \(invalid_client\)",
        ),
        (says(400, {"error": "secret hush is wrong"}), "status 400$"),
        (says(500, b"<html>hush"), "status 500$"),
        (says(200, {"token": "x"}), "without an access_token"),
        (says(200, b"no json"), "without an access_token"),
        (Script((Cut(),)), "closed the connection"),
    ],
    ids=["refused", "odd-code", "html", "other-field", "no-json", "cut"],
)
def test_a_token_server_that_gives_none_is_told_without_secrets(script, words):
    with Provider() as provider:
        provider.play(script)

        async def scenario(auth):
            await auth.signed(asked(), Secret("hush"))

        with pytest.raises(AuthFailed, match=words) as told:
            running(provider, "azure", {**AZURE, "authority": provider.url}, scenario)
        assert "127.0.0.1" in str(told.value)
        assert "hush" not in str(told.value)


def test_a_way_without_a_sender_opens_and_closes_one_of_its_own():
    with Provider() as provider:
        provider.play(says(200, {"access_token": "e1", "expires_in": 3599}))

        async def scenario():
            auth = auth_of(
                "azure",
                {**AZURE, "authority": provider.url, "client_secret": "s"},
                Surroundings(None, Clock(), {}),
            )
            return (await auth.signed(asked(), None)).header("Authorization")

        assert asyncio.run(scenario()) == "Bearer e1"


def test_a_reply_without_end_is_not_read_for_ever():
    with Provider() as provider:
        provider.play(says(200, b" " * 300_000 + b"{}"))

        async def scenario(auth):
            await auth.signed(asked(), Secret("s"))

        with pytest.raises(AuthFailed, match="over 262144 bytes"):
            running(provider, "azure", {**AZURE, "authority": provider.url}, scenario)
