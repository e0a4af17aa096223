"""Every Python SDK that asks models over HTTP: recorded against the loopback provider, replayed without.

    python -m matrix              every environment (nox makes them), then docs/reference/sdk-matrix.md
    python -m matrix --here       the entries that this environment can import; add names to take only those
    nox -s "sdk_matrix(current)"  one environment

Each scenario runs twice. Live: a provider of its own on a loopback port, and a fresh cassette. Then the
provider is stopped, and it runs again in mode `none`. What the SDK returned (or raised) must be equal, the
provider must have seen nothing more, and each of its requests must be one recording: no more, no less.

An entry is one file in `matrix/entries` with `ENTRIES`, a tuple of `case.Sdk`:

    def client(url):                    # a new client that sends to the provider at url
        import thesdk                   # inside functions: the table also lists what is missing
        return thesdk.Client(api_key="...", base_url=f"{url}/v1")

    def ask(sdk, text):                 # one call; what the SDK returns. An error of the SDK goes through.
        return sdk.chat(text)

    ENTRIES = (
        Sdk(
            name="thesdk",
            module="thesdk",            # what to import to know that it is here
            requires=("thesdk>=3",),    # what to install; the version of the first is shown
            sync=Side(client, ask, stream, tools, through="httpx"),
            asynchronous=Side(aclient, aask, astream, atools, through="aiohttp"),   # coroutine functions
        ),
    )

- `stream` returns the list of all events; `tools` offers a tool, and asks again with its result (two
  requests).
- A reason in the place of a function, a side, or a number says why there is none: `stream="has none"`.
- `error` (a 400), `retries` (503, 503, 200) and `concurrency` (8 calls at once on one client) are made of
  `ask`. `attempts` is how many requests 503, 503, 200 take: 3, or the reason why the SDK does not retry. Set
  its back-off to next to nothing in `client`; the provider sends `retry-after: 0`.
- `client` may return anything; if it has `__exit__` (`__aexit__`) or `close` (`aclose`), that ends it. A
  framework without a client returns the url.
- What is made on the client's side and differs each time (run ids, clocks) must not be in what a function
  returns: return the parts that came over the wire.
- `plain.plain` makes data of it: pydantic models, dataclasses, `as_dict`, `to_dict`, lists and mappings.

Then name the entry in an environment of `environments.py`. What cannot be installed or cannot be pointed at a
loopback port stays in the table, with `not_run="why"`.
"""
