"""OAuth 2 and OpenID Connect: programs that people let act for them, and log-ins to other places with an account here.

A person connects a program in one of two ways: by a code that the program shows (device login, RFC 8628), or on a page
that the program sends them to (authorization code with PKCE, RFC 6749 and 7636). Either makes a connection, with an
access token that ends soon and a refresh token that makes the next one. Access tokens are taken wherever tokens are.

Truth: `oauth_apps`, `oauth_connections`, `oauth_tokens`; `oauth_devices` and `oauth_codes` live for minutes. Emits and
hears nothing. The key that signs ID tokens is `oauth.pem` in the data folder.
"""
