"""Walks through the gateway's own description with made-up requests: no 5xx that is not meant, errors in the
client's dialect, and no answer that the description does not know.
"""

from __future__ import annotations

import json
import urllib.request

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("schemathesis")

import schemathesis
from hypothesis import HealthCheck, settings
from running import running, setup, upstream
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tokentape.gateway.description import description
from tokentape.gateway.pages import PAGES
from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider import Provider

SCHEMA = schemathesis.openapi.from_dict(description())
QUIET = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A gateway in front of Chat, which it has to translate for; what is named to it is recorded."""
    record = RecordOptions(root=str(tmp_path_factory.mktemp("cassettes")), cassette=None)
    with Provider(gap=0) as provider:
        with running(setup(upstream(provider.url + "/v1")), record=record) as gateway:
            yield gateway.url


@SCHEMA.parametrize()
@QUIET
def test_a_made_up_request_is_answered_as_described(case, url):
    reply = case.call(base_url=url, timeout=20)
    assert reply.status_code < 500, (reply.status_code, reply.text[:500])
    case.validate_response(reply, checks=[response_schema_conformance, content_type_conformance])
    if reply.status_code >= 400 and case.method != "HEAD":
        told = error_of(reply.content)
        assert isinstance(told, str)
        assert told.strip()


def error_of(body):
    """The message, wherever a dialect has it."""
    found = json.loads(body)
    if isinstance(found, list):
        found = found[0]
    told = found.get("error")
    return told.get("message") if isinstance(told, dict) else told


def test_the_description_is_valid():
    """OpenAPI 3.1, as its own schema says, where that is installed."""
    described = description()
    assert described["openapi"] == "3.1.0"
    names = [one["operationId"] for item in described["paths"].values() for one in item.values()]
    assert len(names) == len(set(names))
    text = json.dumps(described)
    for section, found in described["components"].items():
        for name in found:
            assert f"#/components/{section}/{name}" in text or section == "securitySchemes", name


def test_the_pages_of_the_gateway_are_described(url):
    """What it serves is what it says."""
    with urllib.request.urlopen(f"{url}/openapi.json") as reply:
        assert json.load(reply) == description()


def test_every_page_of_the_gateway_is_described():
    described = description()["paths"]
    assert {(method.upper(), path) for path, item in described.items() for method in item} >= set(PAGES)
