"""Bodies and shortcuts that the tests of Gemini's codec share."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.gemini.codec import CODEC
from tokentape.protocols.payload import Payload

MODEL = "gemini-2.5-flash"
SOURCE = Source("gemini", model=MODEL)


def asked(body, source=SOURCE):
    return CODEC.read_request(body, source)


def again(body, source=SOURCE):
    """The request as it is written after it was read; nothing may be lost."""
    target = Target("gemini")
    written = CODEC.write_request(asked(body, source), target)
    assert str(target.losses.report) == "nothing is lost"
    return written.body


def replied(body, source=SOURCE):
    return CODEC.read_reply(body, source)


def reply_again(body, source=SOURCE):
    target = Target("gemini")
    written = CODEC.write_reply(replied(body, source), target)
    assert str(target.losses.report) == "nothing is lost"
    return written


def says(*parts, role="user"):
    return {"contents": [{"role": role, "parts": list(parts)}]}


def candidate(*parts, **more):
    found = {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP", "index": 0}
    return {**found, **more}


def answer(*parts, **more):
    return {"candidates": [candidate(*parts)], "modelVersion": MODEL, "responseId": "r", **more}


def payload(chunk):
    return Payload(None, json.dumps(chunk).encode())


def events_of(*chunks, source=SOURCE):
    """The events of a whole stream."""
    reader = CODEC.reader(source)
    return [event for chunk in chunks for event in reader.read(payload(chunk))] + list(reader.end())


def chunks_of(events, target=None):
    """The JSON of the chunks that the events become."""
    writer = CODEC.writer(target or Target("gemini"))
    return [wire.json for event in events for wire in writer.write(event)]


def parts_of(chunks):
    """All parts of all chunks."""
    return [
        part
        for chunk in chunks
        for one in chunk.get("candidates", [])
        for part in one.get("content", {}).get("parts", [])
    ]


CALL = {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}

KITCHEN_SINK = {
    "contents": [
        {"role": "user", "parts": [{"text": "Look", "partMetadata": {"a": 1}}, "bare"]},
        {"role": "user", "parts": {"text": "one part"}},
        {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA", "displayName": "cat"}}]},
        {"role": "user", "parts": [
            {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://b/v.mp4"}, "videoMetadata": {"fps": 2}},
            {"fileData": {"fileUri": "https://www.youtube.com/watch?v=x"}},
            {"fileData": {"fileUri": "https://example.com/a.pdf", "mimeType": "application/pdf"}},
            {"inlineData": {"data": "AAAA"}},
            {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}, "mediaResolution": {"level": "LOW"}},
        ]},
        {"role": "model", "parts": [
            {"text": "Hm.", "thought": True, "thoughtSignature": "YQ=="},
            {"text": "So.", "thought": False},
            {"functionCall": {"name": "f", "args": {"a": 1}, "x": 2}, "thoughtSignature": "Yg=="},
            {"functionCall": {"id": "c2", "name": "g"}},
            {"executableCode": {"language": "PYTHON", "code": "1"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
            {"thoughtSignature": "Yw=="},
            {"text": "", "thoughtSignature": "ZA=="},
            {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t"}},
            {"brandNew": 1},
            {},
        ]},
        {"role": "function", "parts": [
            {"functionResponse": {"name": "f", "response": {"result": "18 C"}}},
            {"functionResponse": {"id": "c2", "name": "g", "response": {"output": "x"}, "willContinue": False}},
            {"functionResponse": {"id": "c3", "name": "g", "response": {"error": "bad"}}},
            {"functionResponse": {"id": "c4", "name": "g", "response": {"a": {"$ref": "i"}}, "parts": [
                {"inlineData": {"mimeType": "image/png", "data": "AAAA", "displayName": "i"}},
                {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://b/x"}}, {"odd": 1},
            ]}},
            {"functionResponse": {"name": "g", "response": {}}},
            {"functionResponse": {"name": "g"}},
            {"functionResponse": {"name": "g", "response": {"result": None}, "parts": []}},
        ]},
        {"role": "model"},
        {"role": "model", "parts": []},
        {"text": "a part in place of a content"},
        "a string",
        {"role": "user", "parts": None, "more": 1},
    ],
    "systemInstruction": {"role": "user", "parts": [{"text": "Be brief."}]},
    "tools": [
        {"functionDeclarations": [
            {"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"}, "behavior": "BLOCKING"},
            {"name": "g", "parameters": {"type": "OBJECT", "properties": {
                "type": {"type": "STRING", "nullable": True}, "n": {"type": "ARRAY", "minItems": "1",
                "items": {"type": "INTEGER"}}}, "propertyOrdering": ["n"]}, "response": {"type": "STRING"}},
        ], "googleSearch": {}},
        {"functionDeclarations": [{"name": "h"}]},
        {"codeExecution": {}},
        {"functionDeclarations": []},
        {},
    ],
    "toolConfig": {
        "functionCallingConfig": {"mode": "any", "allowedFunctionNames": ["f"], "x": 1},
        "retrievalConfig": {"languageCode": "en"},
    },
    "generationConfig": {
        "maxOutputTokens": 5, "temperature": 0.5, "topP": 0.5, "topK": 40, "candidateCount": 2, "seed": 7,
        "stopSequences": ["END"], "frequencyPenalty": 0.1, "presencePenalty": 0.2, "responseLogprobs": True,
        "logprobs": 3, "responseModalities": ["TEXT", "IMAGE"], "responseMimeType": "application/json",
        "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
        "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "HIGH", "x": 1},
        "speechConfig": {"languageCode": "en"}, "mediaResolution": "MEDIA_RESOLUTION_LOW", "x.y": 1,
    },
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    "cachedContent": "cachedContents/1",
    "labels": {"a": "b"},
    "serviceTier": "flex",
    "store": None,
    "model": "models/gemini-2.5-flash",
    "brandNew": {"a": [1]},
}  # fmt: skip
"""A request with everything, as odd as it may be."""
