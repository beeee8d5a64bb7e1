"""The testkit: a pytest plugin that gives real hubs, real people and real clients to tests.

No mocks: `hub` is a whole hub in this process, `server` is `pioche serve` in another one, `hf` and `git` are the
commands that people use, `browser` is Chromium.
"""
