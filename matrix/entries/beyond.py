"""SDKs that no run here can cover, each with why. They stay in the table."""

from __future__ import annotations

from matrix.case import Sdk

GRPC = "it sends through gRPC, whose C core opens the sockets"
HTTPS_ONLY = "it takes https URLs only, and signs in at IBM's cloud first; the loopback provider has no TLS"

ENTRIES = (
    Sdk("xai-sdk", "xai_sdk", ("xai-sdk",), not_run=GRPC),
    Sdk("google-cloud-aiplatform", "vertexai", ("google-cloud-aiplatform",), not_run=GRPC),
    Sdk(
        "claude-agent-sdk",
        "claude_agent_sdk",
        ("claude-agent-sdk",),
        not_run="it starts a program of its own, which sends",
    ),
    Sdk("ibm-watsonx-ai", "ibm_watsonx_ai", ("ibm-watsonx-ai",), not_run=HTTPS_ONLY),
    Sdk("ai21", "ai21", ("ai21",), not_run="its base_url was not followed: it asked api.ai21.com"),
)
