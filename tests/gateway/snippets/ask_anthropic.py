from anthropic import Anthropic

client = Anthropic(base_url="http://127.0.0.1:8420", api_key="any")
reply = client.messages.create(
    model="claude-haiku-4-5", max_tokens=100, messages=[{"role": "user", "content": "Capital of Norway?"}]
)
print(reply.content[0].text)
