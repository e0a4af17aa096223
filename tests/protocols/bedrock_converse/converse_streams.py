"""Events of ConverseStream in short, read and written."""

from __future__ import annotations

import json

from converse_bodies import CLAUDE, NAME, USAGE

from tokentape.protocols.bedrock_converse.codec import CODEC
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.payload import Payload

SOURCE = Source(NAME, model=CLAUDE)


def start(index, **told):
    return "contentBlockStart", {"contentBlockIndex": index, "start": told}


def delta(index, **told):
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": told}


def stop(index):
    return "contentBlockStop", {"contentBlockIndex": index}


BEGIN = ("messageStart", {"role": "assistant", "p": "abc"})
METADATA = ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 5}, "p": "ab"})


def end(reason="end_turn", **more):
    return (("messageStop", {"stopReason": reason, **more}), METADATA)


def reads(*wire, ends=True):
    reader = CODEC.reader(SOURCE)
    events = [event for name, told in wire for event in reader.read(Payload(name, json.dumps(told).encode()))]
    return [*events, *reader.end()] if ends else events


def writes(*events, **target):
    to = Target(NAME, **target)
    writer = CODEC.writer(to)
    return [wire for event in events for wire in writer.write(event)], to.losses.report


def shown(wire):
    """What is written, in short."""
    names = {"messageStart": "begin", "messageStop": "end"}
    found = []
    for event in wire:
        index, told = event.json.get("contentBlockIndex"), event.json
        match event.name:
            case "contentBlockStart":
                found.append((index, *told["start"]))
            case "contentBlockDelta":
                found.append((index, *told["delta"].values()))
            case "contentBlockStop":
                found.append((index, "stop"))
            case _:
                found.append(names.get(event.name, event.name))
    return found
