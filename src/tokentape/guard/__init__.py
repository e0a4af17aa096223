"""The guard: nothing goes out through Python's sockets where nothing may.

Who forbids: a cassette in mode `none`, and `block_network` (pytest: `--block-network`). Who decides:
`policy`, for the innermost cassette in force. Where it stands: `sockets`, `loops` (asyncio, uvloop) and
`programs`. In recording modes the same places tell of traffic to a known LLM host that no interceptor saw
(`unseen`).

Beyond reach: C and Rust libraries that open sockets by themselves (gRPC, libcurl), other programs, and
connections that were open before. `tokentape doctor` names what is installed of those.
"""

from tokentape.guard.holding import hold as hold
from tokentape.guard.holding import release as release
