"""Evaluation results of models, and leaderboards of the datasets that they were measured on.

Table: `eval_results` (derived from files `.eval_results/*.yaml` of models and of their open pull requests, made again
by `pioche rebuild repos`). A dataset with a valid `eval.yaml` is a benchmark and has a leaderboard; nobody vets them,
its owner's word counts. No result is called verified: proving a `verifyToken` needs the key of who signed it. Scores
are part of what a model says about itself, as its card is: a gated model shows them, a private one to its
people alone. It hears of models that change and of pull requests that end.
"""
