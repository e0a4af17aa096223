from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:8420/v1", api_key="any")
reply = client.responses.create(model="gpt-5-mini", input="Capital of Norway?")
print(reply.output_text)
