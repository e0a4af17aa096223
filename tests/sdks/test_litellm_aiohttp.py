"""litellm, async: httpx over its own aiohttp transport."""

from __future__ import annotations

import asyncio
import os
import warnings

import pytest

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else importing it asks the network
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    litellm = pytest.importorskip("litellm", reason="needs litellm")
pytestmark = pytest.mark.filterwarnings("ignore")  # it warns about itself a lot

ASK = {"messages": [{"role": "user", "content": "Capital of Norway?"}]}


def options(url, name):
    if name == "openai":
        return {
            "model": "openai/gpt-4.1-mini",
            "api_base": f"{url}/v1",
            "api_key": "sk-test-0123456789abcdef",
        }
    return {
        "model": "anthropic/claude-sonnet-4-5",
        "api_base": url,
        "api_key": "sk-ant-test-0123456789abcdef",
    }


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_completion_stream_and_concurrency(tape, name):
    async def scenario(url):
        whole = await litellm.acompletion(**options(url, name), **ASK)
        stream = await litellm.acompletion(**options(url, name), **ASK, stream=True)
        text = "".join([event.choices[0].delta.content or "" async for event in stream])
        many = await asyncio.gather(*(litellm.acompletion(**options(url, name), **ASK) for _ in range(5)))
        return [whole.choices[0].message.content, text, sorted(m.choices[0].message.content for m in many)]

    whole, text, many = tape.twice(scenario)
    assert whole.startswith("Answer")
    assert text.startswith("Answer")
    assert len(many) == 5


def test_R17_errors_are_the_same_exceptions(tape):
    tape.provider.fails(404, times=None)

    async def scenario(url):
        with pytest.raises(litellm.exceptions.NotFoundError) as caught:
            await litellm.acompletion(**options(url, "openai"), **ASK)
        return [type(caught.value).__name__, caught.value.status_code]

    tape.twice(scenario)
