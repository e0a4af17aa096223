"""Many calls at once, two of them equal: each task gets the answer it got when it was recorded.

Shows: async with; equal requests replay in the order they started; the deck's tally.
Run:   python examples/concurrent_calls.py
"""

import asyncio
import os
from pathlib import Path

import openai

import tokentape

CASSETTE = Path(__file__).parent / "cassettes" / "concurrent_calls.json"
CITIES = ["Oslo", "Rome", "Lima", "Oslo"]


async def describe(client: openai.AsyncOpenAI, city: str) -> str:
    reply = await client.responses.create(model="gpt-5-mini", input=f"{city} in three words.")
    return f"{city}: {reply.output_text}"


async def main() -> None:
    key = os.environ.get("OPENAI_API_KEY", "not-needed-to-replay")
    async with tokentape.use_cassette(CASSETTE) as deck, openai.AsyncOpenAI(api_key=key) as client:
        for line in await asyncio.gather(*(describe(client, city) for city in CITIES)):
            print(line)
    print(f"{deck.tally.replayed} replayed, {deck.tally.recorded} recorded")


if __name__ == "__main__":
    asyncio.run(main())
