"""The marker's `synthesize=True`, and what the report says of it."""

from __future__ import annotations

TEST = """
@pytest.mark.tokentape(synthesize=True)
def test_it():
    body = {"model": "m", "messages": [{"role": "user", "content": "Say hello."}], "stream": STREAM}
    assert httpx.post(URL + "/v1/chat/completions", json=body).status_code == 200
"""


def test_the_report_counts_what_was_made(project):
    source = TEST.replace("URL", repr(project.provider.url))
    project.write(source.replace("STREAM", "False"))
    project.run(passed=1)
    project.write(source.replace("STREAM", "True"))
    done = project.run("--tokentape-report", passed=1)
    done.stdout.fnmatch_lines(
        ["*test_it.json: once, 1 replayed, 0 recorded, 0 missed, 0 unused, 1 synthesized"]
    )
