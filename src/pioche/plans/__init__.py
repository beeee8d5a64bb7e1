"""Plans: how much each account may compute in a month, and how much it did.

Tables: `account_plans` (who has another plan than the first) and `compute_usage` (truth, added up by whoever runs
things for an account). A compute-minute is a minute of one CPU. Months are those of UTC.
"""
