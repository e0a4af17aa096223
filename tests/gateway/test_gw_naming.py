"""What a request names besides what it asks."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.errors import UsageError
from tokentape.gateway.call import Naming
from tokentape.gateway.description import description
from tokentape.gateway.naming import naming, split_path

CHAT = "/v1/chat/completions"
ALL = {"cassette": "a", "tag": "b", "session": "c", "conversation": "d", "upstream": "e"}


def test_prefixes_in_any_order():
    path = "/to/e/session/c/tape/a/conversation/d/tag/b" + CHAT
    assert split_path(path) == (ALL, CHAT)


@pytest.mark.parametrize(
    "path", [CHAT, "/", "/tags", "/tape", "/table/x/v1", "/topic/a/v1/messages", "/conversations/x"]
)
def test_other_paths_stay(path):
    assert split_path(path) == ({}, path)


def test_a_prefix_alone_leads_to_the_root():
    assert split_path("/tape/a") == ({"cassette": "a"}, "/")
    assert split_path("/tape/a/") == ({"cassette": "a"}, "/")


def test_a_model_s_path_keeps_its_escapes():
    named, path = split_path("/to/aws/model/arn%3Aaws%3Ax%2Fy/converse")
    assert (named, path) == ({"upstream": "aws"}, "/model/arn%3Aaws%3Ax%2Fy/converse")


def test_a_header_wins():
    headers = (("X-Tokentape-Cassette", "z"), ("x-tokentape-class", "title"), ("x-other", "../"))
    assert naming({"cassette": "a"}, headers) == Naming(cassette="z", kind="title")


@given(st.text(max_size=12))
def test_no_name_leads_anywhere(name):
    """Whatever is taken is one plain file name."""
    try:
        found = naming({}, (("x-tokentape-cassette", name),)).cassette
    except UsageError:
        return
    assert found == name.strip()
    assert not set(found) & set('/\\:*?"<>| \0')
    assert not found.startswith((".", "-"))
    assert ".." not in found


def test_what_can_be_named_is_described():
    text = json.dumps(description()).lower()
    named = {"kind": "class"}
    assert all(f"x-tokentape-{named.get(each.name, each.name)}" in text for each in fields(Naming))
