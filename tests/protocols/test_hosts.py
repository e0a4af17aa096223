"""Hosts of providers, and what is local."""

from __future__ import annotations

import pytest

from tokentape.protocols.hosts import PROVIDERS, is_local, is_provider, is_shared


def test_at_least_25_providers_by_exact_host():
    assert len(PROVIDERS) >= 25
    assert all(is_provider(host) and host == host.lower() for hosts in PROVIDERS.values() for host in hosts)


@pytest.mark.parametrize(
    "host",
    [
        "eu.api.openai.com",
        "my-resource.openai.azure.com",
        "my-resource.openai.azure.us",
        "my-resource.services.ai.azure.com",
        "Phi-4.eastus2.models.ai.azure.com".lower(),
        "us-central1-aiplatform.googleapis.com",
        "aiplatform.eu.rep.googleapis.com",
        "bedrock-runtime.us-east-1.amazonaws.com",
        "bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
        "bedrock-runtime.cn-north-1.amazonaws.com.cn",
        "vpce-0a1-b2c.bedrock-runtime.us-east-1.vpce.amazonaws.com",
        "bedrock-agent-runtime.eu-west-1.amazonaws.com",
        "bedrock-mantle.us-east-1.api.aws",
        "us-south.ml.cloud.ibm.com",
        "abc.us-east-1.aws.endpoints.huggingface.cloud",
    ],
)
def test_providers_by_pattern(host):
    assert is_provider(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "openai.com",
        "api.openai.com.evil.com",
        "evil-api.openai.com",
        "api.openai.com-evil.com",
        "apiXopenai.com".lower(),
        "openai.azure.com.evil.com",
        "evil.com.openai.azure.com.evil.com",
        "openai.azure.com",
        "bedrock-runtime.us-east-1.amazonaws.com.evil.com",
        "s3.us-east-1.amazonaws.com",
        "storage.googleapis.com",
        "evil-aiplatform.googleapis.com.evil.com",
        "example.com",
    ],
)
def test_lookalikes_are_no_providers(host):
    assert not is_provider(host)
    assert not is_shared(host)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "api.localhost",
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.10",
        "169.254.1.1",
        "100.64.0.1",
        "::1",
        "fd12:3456::1",
        "fe80::1",
        "ollama",
        "vllm-server",
        "gpu.local",
        "host.docker.internal",
    ],
)
def test_local(host):
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "8.8.8.8",
        "172.32.0.1",
        "192.169.0.1",
        "100.128.0.1",
        "2001:db8::1",
        "api.openai.com",
        "1.2.3",
        "localhost.evil.com",
    ],
)
def test_not_local(host):
    assert not is_local(host)
