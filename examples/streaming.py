"""A streamed Anthropic reply, printed as it comes.

Shows: use_cassette as a block; pace="recorded", which replays each chunk when it came.
Run:   python examples/streaming.py
"""

import os
from pathlib import Path

import anthropic

import tokentape

CASSETTE = Path(__file__).parent / "cassettes" / "streaming.json"


def main() -> None:
    client = anthropic.Anthropic(api_key=os.environ.get("ANTHROPIC_API_KEY", "not-needed-to-replay"))
    with (
        tokentape.use_cassette(CASSETTE, pace="recorded") as deck,
        client.messages.stream(
            model="claude-haiku-4-5",
            max_tokens=200,
            messages=[{"role": "user", "content": "Three reasons to like trains, one line each."}],
        ) as stream,
    ):
        for text in stream.text_stream:
            print(text, end="", flush=True)
        usage = stream.get_final_message().usage
    print(f"\n{usage.output_tokens} tokens; {deck.tally.replayed} replayed, {deck.tally.recorded} recorded")


if __name__ == "__main__":
    main()
