"""Amazon Bedrock Converse and ConverseStream."""

from tokentape.protocols.bedrock_converse.dialect import DIALECT as DIALECT
