"""Links between repositories: which model was made from which, what was trained on what, what a Space uses.

Table: `repo_links` (derived from cards, made again by `pioche rebuild repos`). A link names its target as the card
does; `target_id` is the repository that has, or had, that name here. It hears of repositories that are made, change
and move. In both directions only what the reader may see is told: a private target looks like one that is not here.
"""
