"""Keys where APIs want them, signatures compared with botocore's, and whose key goes where."""

from __future__ import annotations

import asyncio
import os
import time

import pytest
from up_wire import Clock, NoSender, asked

from tokentape.errors import UsageError
from tokentape.upstreams.auth.kinds import KINDS, Surroundings, auth_of
from tokentape.upstreams.auth.passing import SHAPES, is_host_of, provider_of_key
from tokentape.upstreams.auth.sigv4 import AwsKey, sign
from tokentape.upstreams.upstream import AuthFailed, Secret
from tokentape.wire.message import Request

KEY = Secret("k-1234567890")


def around(**environment: str) -> Surroundings:
    return Surroundings(NoSender(), Clock(), environment)


def signed(kind: str, request: Request, secret: Secret | None = KEY, /, **options) -> Request:
    where = options.pop("around", None) or around()
    return asyncio.run(auth_of(kind, options, where).signed(request, secret))


def refusal(kind: str, request: Request, secret: Secret | None = KEY, /, **options) -> str:
    with pytest.raises(AuthFailed) as told:
        signed(kind, request, secret, **options)
    return str(told.value)


@pytest.mark.parametrize(
    ("kind", "options", "field"),
    [
        ("bearer", {}, ("Authorization", "Bearer k-1234567890")),
        ("optional", {}, ("Authorization", "Bearer k-1234567890")),
        ("x-api-key", {}, ("x-api-key", "k-1234567890")),
        ("api-key", {}, ("api-key", "k-1234567890")),
        ("x-goog-api-key", {}, ("x-goog-api-key", "k-1234567890")),
        ("header", {"header": "X-Own", "prefix": "Token "}, ("X-Own", "Token k-1234567890")),
    ],
    ids=["bearer", "optional", "x-api-key", "api-key", "x-goog-api-key", "header"],
)
def test_a_key_stands_in_its_header_and_what_the_client_showed_is_gone(kind, options, field):
    request = asked(
        "https://api.example.com/v1/x?key=theirs&a=1", authorization="Bearer theirs", x_api_key="theirs",
        api_key="theirs", x_goog_api_key="theirs", cookie="c=theirs", x_own="theirs", X_Other="stays",
    )  # fmt: skip
    result = signed(kind, request, **options)
    gone = () if kind == "header" else (("x-own", "theirs"),)
    assert result.headers == (("Content-Type", "application/json"), *gone, ("X-Other", "stays"), field)
    assert result.url == "https://api.example.com/v1/x?a=1"
    assert result.body == request.body


def test_a_key_in_the_query_is_escaped():
    result = signed("query", asked("https://h.example/v1beta/m?alt=sse"), Secret("a/b&c"))
    assert result.url == "https://h.example/v1beta/m?alt=sse&key=a%2Fb%26c"
    assert (
        signed("query", asked("https://h.example/x?key=theirs")).url == "https://h.example/x?key=k-1234567890"
    )


def test_nothing_is_shown_where_there_is_nothing():
    for kind in ("none", "optional"):
        assert signed(kind, asked(authorization="Bearer theirs"), None).headers == asked().headers


def test_a_missing_key_names_where_it_goes():
    assert "Authorization" in refusal("bearer", asked(), None)
    assert "key" in refusal("query", asked(), None)


def test_keys_are_not_renewed():
    async def all_of_them():
        plain = ("bearer", "x-api-key", "query", "none", "client")
        return [await auth_of(kind, {}, around()).refused(KEY) for kind in plain]

    assert asyncio.run(all_of_them()) == [False] * 5


@pytest.mark.parametrize(
    ("kind", "options", "named"),
    [
        ("bearer", {"haeder": "x"}, "haeder"),
        ("header", {}, "header"),
        ("header", {"header": "a b"}, "header"),
        ("header", {"header": 3}, "header"),
        ("azure", {"tenant_id": "t"}, "client_id"),
        ("azure", {"tenant_id": "t", "client_id": "c", "authority": "http://login.example.com"}, "authority"),
        ("azure-identity", {"endpoint": "http://identity.example.com"}, "endpoint"),
        ("google", {"file": "/nowhere/account.json"}, "file"),
        ("google", {"account": "{}"}, "account"),
        ("command", {}, "command"),
        ("command", {"command": "gcloud auth"}, "command"),
        ("command", {"command": ["x"], "timeout": 0}, "timeout"),
        ("command", {"command": ["x"], "lifetime": True}, "lifetime"),
        ("magic", {}, "magic"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_wrong_option_is_named(kind, options, named):
    with pytest.raises(UsageError, match=named) as told:
        auth_of(kind, options, around())
    assert "\n" not in str(told.value)


def test_all_ways_are_known_by_name():
    assert set(KINDS) == {
        "bearer", "optional", "x-api-key", "api-key", "x-goog-api-key", "header", "query", "aws", "google",
        "azure", "azure-identity", "command", "client", "none",
    }  # fmt: skip


# Signatures

URLS = (
    "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-v2%3A1/converse",
    "https://bedrock-runtime.eu-west-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse-stream",
    "http://127.0.0.1:8080/a~b/c?z=1&a=b%20c&a=&flag",
    "https://h.example:443",
)


@pytest.mark.parametrize("url", URLS, ids=["model", "arn", "query", "bare"])
@pytest.mark.parametrize("token", [None, "session/token=="], ids=["keys", "session"])
@pytest.mark.parametrize("body", [None, b"", b'{"a": "\xc3\xa9"}'], ids=["none", "empty", "json"])
def test_a_signature_is_botocores(url, token, body, monkeypatch):
    pytest.importorskip("botocore")
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    at = 1_800_000_000.0
    moment = time.gmtime(at)
    request = Request("POST", url, (("Content-Type", "application/json"), ("X-Amz-Target", "a  b ")), body)
    ours = sign(request, AwsKey("AKIDEXAMPLE", "secret/+x", token), "us-east-1", "bedrock", at)
    theirs = AWSRequest("POST", url, headers=dict(request.headers), data=body or b"")
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "secret/+x", token), "bedrock", "us-east-1")
    import datetime

    import botocore.auth

    fixed = datetime.datetime(*moment[:6])
    for name in ("get_current_datetime", "_get_current_datetime"):
        if hasattr(botocore.auth, name):
            monkeypatch.setattr(botocore.auth, name, lambda *_, **__: fixed)
    auth.add_auth(theirs)
    assert ours.header("X-Amz-Date") == theirs.headers["X-Amz-Date"]
    assert ours.header("X-Amz-Security-Token") == theirs.headers.get("X-Amz-Security-Token")
    assert ours.header("Authorization") == theirs.headers["Authorization"]
    assert ours.body == body
    assert ours.url == url


BEDROCK = "https://bedrock-runtime.eu-central-1.amazonaws.com/model/m/converse"


def scope(request: Request) -> str:
    shown = request.header("Authorization") or ""
    return shown.partition("Credential=")[2].partition(",")[0]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (BEDROCK, "A/20270115/eu-central-1/bedrock/aws4_request"),
        (
            "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/x",
            "A/20270115/us-gov-west-1/bedrock/aws4_request",
        ),
        (
            "https://vpce-1.bedrock-runtime.us-west-2.vpce.amazonaws.com/x",
            "A/20270115/us-west-2/bedrock/aws4_request",
        ),
        (
            "https://runtime.sagemaker.us-east-2.amazonaws.com/x",
            "A/20270115/us-east-2/sagemaker/aws4_request",
        ),
        ("http://127.0.0.1:9/x", "A/20270115/eu-north-1/bedrock/aws4_request"),
    ],
    ids=["bedrock", "fips", "vpce", "sagemaker", "variable"],
)
def test_region_and_service_stand_in_the_host(url, expected):
    result = signed("aws", asked(url), Secret("A:B"), around=around(AWS_REGION="eu-north-1"))
    assert scope(result) == expected


def test_a_credential_of_aws_comes_from_itself_the_environment_or_a_file(tmp_path):
    file = tmp_path / "credentials"
    file.write_text(
        "[default]\naws_access_key_id=D\naws_secret_access_key=x\n\n[team]\naws_access_key_id=T\naws_secret_access_key=y\naws_session_token=z\n"
    )
    shared = {"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_CONFIG_FILE": str(tmp_path / "none")}
    both = {**shared, "AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "s"}

    def who(secret: Secret | None, environment: dict[str, str], **options) -> tuple[str, str | None]:
        result = signed("aws", asked(BEDROCK), secret, around=around(**environment), **options)
        return scope(result)[0], result.header("x-amz-security-token")

    assert who(Secret("S:x:t"), both) == ("S", "t")
    assert who(None, both) == ("E", "s")
    assert who(None, shared) == ("D", None)
    assert who(None, {**shared, "AWS_PROFILE": "team"}) == ("T", "z")
    assert who(None, both, profile="team") == ("T", "z")
    config = tmp_path / "config"
    config.write_text("[profile other]\naws_access_key_id=O\naws_secret_access_key=x\n")
    assert who(None, {**shared, "AWS_CONFIG_FILE": str(config)}, profile="other") == ("O", None)


def test_a_signature_of_the_client_is_replaced():
    theirs = asked(
        BEDROCK,
        authorization="AWS4-HMAC-SHA256 Credential=THEIRS/x",
        x_amz_date="1",
        x_amz_security_token="t",
    )
    result = signed("aws", theirs, Secret("A:B"))
    assert [name.lower() for name, _ in result.headers] == ["content-type", "x-amz-date", "authorization"]
    assert "THEIRS" not in str(result.headers)


def test_a_file_that_changed_is_read_again_after_a_refusal(tmp_path):
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id=A\naws_secret_access_key=x\n")
    auth = auth_of("aws", {}, around(AWS_SHARED_CREDENTIALS_FILE=str(file), HOME=str(tmp_path)))

    async def scenario():
        first = scope(await auth.signed(asked(BEDROCK), None))[0]
        same = await auth.refused(None)
        file.write_text("[default]\naws_access_key_id=B\naws_secret_access_key=x\n")
        os.utime(file, (1, 1))
        return first, same, await auth.refused(None), scope(await auth.signed(asked(BEDROCK), None))[0]

    assert asyncio.run(scenario()) == ("A", False, True, "B")


def test_what_is_missing_for_aws_is_told_without_secrets(tmp_path):
    nowhere = around(HOME=str(tmp_path))
    assert "AWS_ACCESS_KEY_ID" in refusal("aws", asked(BEDROCK), None, around=nowhere)
    assert "region" in refusal("aws", asked("http://127.0.0.1/x"), Secret("A:B"), around=nowhere)
    text = refusal("aws", asked(BEDROCK), Secret("hidden"), around=nowhere)
    assert "ID:SECRET" in text
    assert "hidden" not in text
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text("no profile here")
    assert "cannot be read" in refusal("aws", asked(BEDROCK), None, around=nowhere)
    assert "secret" not in repr(AwsKey("A", "secret", "token"))


# The client's own key


@pytest.mark.parametrize(("shape", "maker"), SHAPES, ids=[shape for shape, _ in SHAPES])
def test_a_key_goes_to_its_maker_and_to_nobody_else(shape, maker):
    key = shape + "0123456789abcdef"
    assert provider_of_key(key) == maker
    hosts = {
        "openai": "api.openai.com",
        "anthropic": "api.anthropic.com",
        "google": "generativelanguage.googleapis.com",
    }
    for other, host in hosts.items():
        request = asked(f"https://{host}/v1/x", Authorization=f"Bearer {key}")
        if other == maker:
            assert signed("client", request, None) is request
        else:
            text = refusal("client", request, None)
            assert maker in text
            assert host in text
            assert key not in text


@pytest.mark.parametrize(
    "field",
    [
        ("x-api-key", "sk-ant-abc"),
        ("Authorization", "Bearer sk-ant-abc"),
        ("authorization", "bearer sk-ant-abc"),
    ],
    ids=["x-api-key", "bearer", "lower"],
)
def test_a_key_is_passed_on_exactly_as_it_came(field):
    request = Request("POST", "https://api.anthropic.com/v1/messages", (("A", "b"), field, ("C", "d")), b"{}")
    assert signed("client", request, KEY) is request


def test_both_styles_of_gemini_go_on():
    by_query = asked("https://generativelanguage.googleapis.com/v1beta/models/g:generateContent?key=AIzaSyX")
    assert signed("client", by_query, None) is by_query
    assert "google" in refusal("client", asked("https://api.anthropic.com/v1/messages?key=AIzaSyX"), None)
    assert "google" in refusal(
        "client", asked("https://api.anthropic.com/v1/messages?a=1&key=%41IzaSyX"), None
    )


def test_a_plain_sk_key_may_be_anybodys():
    request = asked("https://api.deepseek.com/v1/chat/completions", Authorization="Bearer sk-0123456789")
    assert signed("client", request, None) is request
    assert provider_of_key("sk-0123456789") is None


def test_one_wrong_key_among_several_stops_the_call():
    request = asked("https://api.openai.com/v1/x", Authorization="Bearer sk-proj-1", x_api_key="sk-ant-1")
    assert "anthropic" in refusal("client", request, None)


def test_a_call_without_a_key_is_told_so():
    assert "no key for api.openai.com" in refusal("client", asked("https://api.openai.com/v1/x"), None)


def test_a_signature_of_aws_is_for_one_host():
    request = asked(BEDROCK, authorization="AWS4-HMAC-SHA256 Credential=A/b")
    assert "signature" in refusal("client", request, None)


def test_somebodys_own_way_to_a_provider_takes_its_keys():
    request = asked("https://llm.corp.example/v1/messages", x_api_key="sk-ant-1")
    assert signed("client", request, None, provider="anthropic") is request
    assert "anthropic" in refusal("client", request, None, provider="openai")


def test_hosts_below_a_providers_are_its_own():
    assert is_host_of("google", "us-central1-aiplatform.googleapis.com")
    assert is_host_of("openai", "eu.api.openai.com")
    assert not is_host_of("openai", "api.openai.com.example.net")
    assert not is_host_of("google", "evilgoogleapis.com")
