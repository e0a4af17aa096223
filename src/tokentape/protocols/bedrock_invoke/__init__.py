"""Amazon Bedrock InvokeModel: the model maker's own body inside AWS framing."""

from tokentape.protocols.bedrock_invoke.dialect import DIALECT as DIALECT
