from langchain_openai import ChatOpenAI

model = ChatOpenAI(base_url="http://127.0.0.1:8420/v1", api_key="any", model="gpt-5-mini")
print(model.invoke("Capital of Norway?").content)
