"""Images, speech, transcription, moderation, files, stored responses and Ollama's own, as the SDKs read them."""

from __future__ import annotations

import base64
import io

import pytest

openai = pytest.importorskip("openai")


@pytest.fixture
def client(provider):
    with openai.OpenAI(base_url=f"{provider.url}/v1", api_key="sk-test", max_retries=0) as made:
        yield made


def test_images_are_generated_and_edited(client):
    made = client.images.generate(prompt="A fjord", model="gpt-image-1", n=2)
    first, second = (base64.b64decode(image.b64_json) for image in made.data)
    assert first.startswith(b"\x89PNG\r\n")
    assert first != second
    edited = client.images.edit(image=("a.png", first, "image/png"), prompt="At night", model="gpt-image-1")
    assert len(edited.data) == 1
    assert edited.usage.output_tokens == 272


def test_speech_is_bytes_and_a_transcription_names_the_file(client):
    wave = client.audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input="Hello").content
    assert wave[:4] == b"RIFF"
    assert len(wave) == 44 + 10
    heard = client.audio.transcriptions.create(model="gpt-4o-transcribe", file=("a.wav", wave))
    assert heard.text == "What was said in a.wav (54 bytes)."


def test_moderation_answers_for_each_input(client):
    told = client.moderations.create(input=["a", "b"])
    assert [result.flagged for result in told.results] == [False, False]
    assert told.results[0].categories.self_harm is False
    assert len(client.moderations.create(input="a").results) == 1


def test_files_are_kept_until_deleted(client):
    data = b"\0\r\n--x\r\n\xff bytes of any kind"
    made = client.files.create(file=("notes.bin", io.BytesIO(data)), purpose="user_data")
    assert (made.filename, made.bytes, made.purpose) == ("notes.bin", len(data), "user_data")
    assert [one.id for one in client.files.list()] == [made.id]
    assert client.files.retrieve(made.id).id == made.id
    assert client.files.content(made.id).content == data
    assert client.files.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError, match="No such File object"):
        client.files.retrieve(made.id)


def test_a_file_upload_without_a_file_is_refused(provider, client):
    with pytest.raises(openai.BadRequestError, match="required"):
        client.post("/files", body={"purpose": "user_data"}, cast_to=dict)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_response_can_be_asked_for_again(client, stream):
    made = client.responses.create(model="gpt-5.5", input="Capital of Norway?", stream=stream)
    if stream:
        *_, last = made
        made = last.response
    again = client.responses.retrieve(made.id)
    assert again.output_text == made.output_text
    (item,) = client.responses.input_items.list(made.id)
    assert item.content[0].text == "Capital of Norway?"
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_a_response_that_was_not_to_be_stored_is_not(client):
    made = client.responses.create(model="gpt-5.5", input="Hi", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_only_a_response_in_the_background_can_be_cancelled(client):
    plain = client.responses.create(model="gpt-5.5", input="Hi")
    with pytest.raises(openai.BadRequestError, match="synchronous"):
        client.responses.cancel(plain.id)
    queued = client.responses.create(model="gpt-5.5", input="Hi", background=True)
    assert (queued.status, queued.output) == ("queued", [])
    assert client.responses.retrieve(queued.id).status == "completed"
    assert client.responses.cancel(queued.id).status == "cancelled"


def test_compaction_keeps_what_users_said(client):
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
    compacted = client.responses.compact(model="gpt-5.5", input=turns)
    assert [item.type for item in compacted.output] == ["message", "compaction"]


def test_what_is_kept_is_forgotten(provider, client):
    made = client.responses.create(model="gpt-5.5", input="Hi")
    provider.forget()
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_ollama_generates_lists_and_describes(provider):
    ollama = pytest.importorskip("ollama")
    client = ollama.Client(host=provider.url)
    assert client.generate(model="llama3.2", prompt="Hi").response == "Answer 1 to: Hi"
    streamed = list(client.generate(model="llama3.2", prompt="Hi", stream=True, think=True))
    assert "".join(part.response for part in streamed) == "Answer 1 to: Hi"
    assert "".join(part.thinking or "" for part in streamed)
    assert streamed[-1].done
    assert [model.model for model in client.list().models] == ["llama3.2:latest", "qwen3:8b"]
    assert "tools" in client.show("llama3.2").capabilities
    assert client.ps().models[0].model == "llama3.2:latest"
