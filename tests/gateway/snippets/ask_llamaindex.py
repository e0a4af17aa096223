from llama_index.llms.openai_like import OpenAILike

model = OpenAILike(api_base="http://127.0.0.1:8420/v1", api_key="any", model="gpt-5-mini", is_chat_model=True)
print(model.complete("Capital of Norway?"))
