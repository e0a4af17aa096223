from ollama import Client

client = Client(host="http://127.0.0.1:8420")
reply = client.chat(model="llama3.2", messages=[{"role": "user", "content": "Capital of Norway?"}])
print(reply.message.content)
