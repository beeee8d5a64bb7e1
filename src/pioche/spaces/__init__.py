"""Spaces beyond their files: what they will be started with. Running them comes later.

Tables: `space_secrets`, `space_variables`, `space_volumes` (truth). Secrets are kept sealed and never shown.
"""
