"""Records the cassettes of all examples again, against the provider that tokentape bundles.

No key and no network are needed: the provider listens on a loopback port and says what the lines below
tell it to say. To record against a real provider instead, set its key and run one example with
TOKENTAPE_MODE=all.

Run: python examples/record.py
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tokentape.testing.provider import Provider

HERE = Path(__file__).parent
TRAINS = "You see the country go by.\nYou can read, work or sleep.\nYou arrive in the middle of the city."
HAIKU = "Brown ribbon turning,\nyesterday's voice on the reels\nsays the same today."


def plan(provider: Provider) -> None:
    """What the provider says, in the order in which the examples ask."""
    chat, responses, messages = "/chat/completions", "/responses", "/messages"
    for city in ("Paris", "Oslo"):
        provider.answers(city, path=chat)
    provider.answers(TRAINS, path=messages)
    provider.calls_tool("get_weather", {"city": "Oslo"}, ("get_weather", {"city": "Rome"}), path=chat)
    provider.answers("In Oslo, yes: it rains. In Rome the sun shines.", path=chat)
    provider.answers(HAIKU, path=responses)
    for words in (
        "Harbour, hills, light.",
        "Stone, noise, bread.",
        "Green, calm, dear.",
        "Wide, old, alive.",
    ):
        provider.answers(words, path=responses)
    for answer in ("Lima.", "The Yangtze.", "4."):
        provider.answers(answer, path=messages)


def main() -> None:
    shutil.rmtree(HERE / "cassettes", ignore_errors=True)
    with Provider(gap=0.02) as provider:
        plan(provider)
        environment = {
            **os.environ,
            "TOKENTAPE_MODE": "once",
            "OPENAI_BASE_URL": f"{provider.url}/v1",
            "ANTHROPIC_BASE_URL": provider.url,
            "OPENAI_API_KEY": "sk-example-not-a-real-key",
            "ANTHROPIC_API_KEY": "sk-ant-example-not-a-real-key",
        }
        environment.pop("CI", None)
        programs = ["streaming.py", "agent.py", "explicit_client.py", "concurrent_calls.py", "categories.py"]
        commands = [["-m", "pytest", "-q", "test_chat.py"], *([name] for name in programs)]
        for command in commands:
            subprocess.run([sys.executable, *command], cwd=HERE, env=environment, check=True)
        if provider.planned:
            sys.exit(f"{provider.planned} planned replies were not asked for")


if __name__ == "__main__":
    main()
