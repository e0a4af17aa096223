from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

provider = OpenAIProvider(base_url="http://127.0.0.1:8420/v1", api_key="any")
agent = Agent(OpenAIChatModel("gpt-5-mini", provider=provider))
print(agent.run_sync("Capital of Norway?").output)
