"""Jobs: commands of people, run in a sandbox on this machine.

Table: `jobs` (truth, but for what the executor says of a run that goes on). A job waits until there is room; who has
fewest running goes first. It goes on while the hub restarts.
"""
