"""AWS's SDK, Converse."""

from __future__ import annotations

from loop_agents import SYSTEM, TOOLS, Agent, Called, Said, parsed

KNOWN = {}
"""Clients by URL."""

OFFERED = [
    {"toolSpec": {"name": name, "description": said, "inputSchema": {"json": schema}}}
    for name, (said, schema) in TOOLS.items()
]


class Converse(Agent):
    module = "boto3"
    words = ("tool_use", "end_turn", "max_tokens")
    tools = OFFERED

    def connect(self):
        import boto3
        from botocore.config import Config

        if self.url not in KNOWN:  # its client takes long to make, and holds no state
            KNOWN[self.url] = boto3.client(
                "bedrock-runtime",
                region_name="us-east-1",
                endpoint_url=self.url,
                aws_access_key_id="not-a-key",
                aws_secret_access_key="not-a-secret",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return KNOWN[self.url]

    def close(self):
        """The client stays."""

    def user(self, text):
        return {"role": "user", "content": [{"text": text}]}

    def results(self, given):
        told = [{"toolResult": {"toolUseId": call.id, "content": [{"text": text}]}} for call, text in given]
        return [{"role": "user", "content": told}]

    def send(self):
        asked = {
            "modelId": self.model,
            "system": [{"text": SYSTEM}],
            "messages": self.history,
            "toolConfig": {"tools": self.tools},
            "inferenceConfig": {"maxTokens": 4000},
        }
        if self.thinks:
            thinking = {"thinking": {"type": "enabled", "budget_tokens": 2048}}
            asked["additionalModelRequestFields"] = thinking
        if self.stream:
            blocks, ended, usage = _streamed(self.client.converse_stream(**asked)["stream"])
        else:
            whole = self.client.converse(**asked)
            blocks, ended, usage = whole["output"]["message"]["content"], whole["stopReason"], whole["usage"]
        self.history.append({"role": "assistant", "content": blocks})
        said = Said(ended=ended, used=(usage.get("inputTokens"), usage.get("outputTokens")))
        for block in blocks:
            said.text += block.get("text", "")
            said.thought += block.get("reasoningContent", {}).get("reasoningText", {}).get("text", "")
            if use := block.get("toolUse"):
                said.calls.append(Called(use["toolUseId"], use["name"], use["input"]))
        return said

    @property
    def error(self):
        from botocore.exceptions import ClientError

        return ClientError

    @property
    def errors(self):
        found = self.client.exceptions
        busy = found.ServiceUnavailableException
        return {400: found.ValidationException, 429: found.ThrottlingException, 503: busy, 529: busy}

    @staticmethod
    def status_of(error):
        return error.response["ResponseMetadata"]["HTTPStatusCode"]


def _streamed(events):
    blocks, ended, usage = {}, None, {}
    for event in events:
        if "contentBlockStart" in event:
            begun = event["contentBlockStart"]
            blocks[begun["contentBlockIndex"]] = {"toolUse": {**begun["start"]["toolUse"], "input": ""}}
        elif "contentBlockDelta" in event:
            _add(blocks, event["contentBlockDelta"])
        elif "messageStop" in event:
            ended = event["messageStop"]["stopReason"]
        elif "metadata" in event:
            usage = event["metadata"]["usage"]
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = parsed(block["toolUse"]["input"], ended)
    return [blocks[index] for index in sorted(blocks)], ended, usage


def _add(blocks, told):
    block, delta = blocks.setdefault(told["contentBlockIndex"], {}), told["delta"]
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    elif "toolUse" in delta:
        block["toolUse"]["input"] += delta["toolUse"]["input"]
    else:
        thought = block.setdefault("reasoningContent", {})
        if "redactedContent" in delta["reasoningContent"]:
            thought["redactedContent"] = delta["reasoningContent"]["redactedContent"]
            return
        for name, piece in delta["reasoningContent"].items():
            shown = thought.setdefault("reasoningText", {"text": ""})
            shown[name] = shown.get(name, "") + piece
