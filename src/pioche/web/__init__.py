"""The kit that routes use: routing, the call, log-in, CSRF, errors in each dialect, templates, cache, files."""
