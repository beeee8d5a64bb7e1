"""What this machine has, and who holds it: jobs, trainings and models in use take of one count.

Every one of them asks here before it starts. What runs is told by the executor, so that the count is right whatever
became of the hub that started it.
"""
