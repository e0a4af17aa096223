"""One store for many cassettes, and a category on every recording.

Shows: DirectoryStore with name=, metadata=, reading a cassette, and a MemoryStore filled from it.
Run:   python examples/categories.py
"""

import os
from collections import Counter
from pathlib import Path

import anthropic

import tokentape

STORE = tokentape.DirectoryStore(Path(__file__).parent / "cassettes" / "categories")
QUESTIONS = {
    "geography": ["Capital of Peru?", "Longest river in Asia?"],
    "arithmetic": ["2 + 2?"],
}


def ask(text: str) -> str:
    client = anthropic.Anthropic(api_key=os.environ.get("ANTHROPIC_API_KEY", "not-needed-to-replay"))
    reply = client.messages.create(
        model="claude-haiku-4-5", max_tokens=50, messages=[{"role": "user", "content": text}]
    )
    return reply.content[0].text


def ask_all(store: tokentape.DirectoryStore | tokentape.MemoryStore) -> list[str]:
    answers = []
    for category, questions in QUESTIONS.items():
        with tokentape.use_cassette(store, name=category, metadata={"category": category}):
            answers += [ask(question) for question in questions]
    return answers


def in_memory(store: tokentape.DirectoryStore) -> tokentape.MemoryStore:
    """The same cassettes, kept in memory: for a test that must not touch files, say."""
    memory = tokentape.MemoryStore()
    for name in store.names():
        cassette = store.load(name)
        journal = memory.journal(name)
        for number in range(len(cassette.entries)):
            journal.append(cassette.interaction(number))
        memory.commit(name, journal, finished=cassette.finished, rules=cassette.rules)
    return memory


def main() -> None:
    answers = ask_all(STORE)
    counts: Counter[str] = Counter()
    for name in STORE.names():
        cassette = STORE.load(name)
        for number in range(len(cassette.entries)):
            counts[str(cassette.interaction(number).metadata["category"])] += 1
    print(answers)
    print(dict(counts))
    print("the same from memory:", ask_all(in_memory(STORE)) == answers)


if __name__ == "__main__":
    main()
