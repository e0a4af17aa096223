"""A client with the tape built in, handed to an SDK. Nothing is patched.

Shows: tokentape.client(), and key=, which gives the recording an id of your choice.
Run:   python examples/explicit_client.py
"""

import os
from pathlib import Path

import openai

import tokentape

CASSETTE = Path(__file__).parent / "cassettes" / "explicit_client.json"


def main() -> None:
    with tokentape.client(CASSETTE, key="haiku") as http:
        client = openai.OpenAI(
            api_key=os.environ.get("OPENAI_API_KEY", "not-needed-to-replay"), http_client=http
        )
        reply = client.responses.create(model="gpt-5-mini", input="A haiku about magnetic tape.")
        print(reply.output_text)


if __name__ == "__main__":
    main()
