"""Asking a provider: where it is, how it is authenticated, which key goes next, what happens when it fails.

In the order in which to read them:

    upstream    what is declared: dialect, base URL, auth, credentials, models
    sending     one page that stands for the HTTP client
    plan        the attempts of one call, as a generator that does no I/O
"""
