"""What is evaluated: the conversations that a store holds, each once."""
