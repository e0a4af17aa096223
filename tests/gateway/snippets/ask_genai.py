from google import genai
from google.genai.types import HttpOptions

client = genai.Client(api_key="any", http_options=HttpOptions(base_url="http://127.0.0.1:8420"))
reply = client.models.generate_content(model="gemini-2.5-flash", contents="Capital of Norway?")
print(reply.text)
