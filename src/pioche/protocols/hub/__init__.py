"""The JSON of the hub's own API, one module for each part of it."""
