"""Follows: who follows whom, the numbers of a profile, and the feed of what those whom one follows do.

Tables: `follows` (truth). The feed is derived when it is read, from the tables of the rooms below.
"""
