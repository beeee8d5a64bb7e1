"""Pioche: an AI hub that people own."""

__version__ = "0.1.0"
