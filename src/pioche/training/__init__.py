"""Training: anyone makes a model out of data of the hub, watches it learn, and publishes it.

A training is a recipe (which task, which data, which columns, how long) and a run of the script of its task, in a
sandbox with the runtime `ml`. What the script tells becomes curves; what it leaves becomes a repository with a card.
`trainings` is truth. Emits and hears nothing of its own: publishing is a commit like any other.
"""
