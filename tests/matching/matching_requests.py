"""Requests to try matching on."""

from __future__ import annotations

import json

from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request

CHAT = "https://api.openai.com/v1/chat/completions"
RESPONSES = "https://api.openai.com/v1/responses"
MESSAGES = "https://api.anthropic.com/v1/messages"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"
CONVERSE = "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse"
EMBEDDINGS = "https://api.openai.com/v1/embeddings"
OTHER = "https://example.org/search"


def post(url, body, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request("POST", url, (("content-type", "application/json"), *told), data)


def user(text):
    return {"role": "user", "content": text}


def chat(*messages, **fields):
    body = {"model": "gpt-4o", "messages": list(messages) or [user("Capital of France?")], **fields}
    return post(CHAT, body)


def weather(**properties):
    schema = {"type": "object", "properties": properties or {"city": {"type": "string"}}}
    return {"type": "function", "function": {"name": "get_weather", "parameters": schema}}


def search():
    return {"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}


def recorded(identity, request, asks=""):
    return Interaction(identity, request, None, Ended(How.EOF), Timing(""), asks=asks)
