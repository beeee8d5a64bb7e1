"""When a schedule comes: five fields of cron, or a word. Times are UTC, in Unix milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from pioche.errors import InvalidInput

WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def check_rule(text: str) -> str:
    """The rule without needless space; raises `InvalidInput`."""
    rule = " ".join(text[:200].split())
    fields = WORDS.get(rule, rule).split()
    fault = "it has five fields" if len(fields) != 5 or len(text) > 100 else ""
    if not fault:
        try:
            next(CronSim(" ".join(fields), datetime.now(UTC)))
        except CronSimError as error:
            fault = str(error).lower()
        except StopIteration:
            fault = "it never comes"
    if fault:
        words = ", ".join(WORDS)
        raise InvalidInput(
            f"'{rule[:100]}' is no schedule ({fault}). Use cron, as in '0 9 * * 1' (Mondays at 9:00 UTC), or: {words}.",
            field="schedule",
        )
    return rule


def next_time(rule: str, after: int) -> int | None:
    """The first time later than `after`; None if it never comes."""
    start = datetime.fromtimestamp(after / 1000, UTC)
    try:
        return int(next(CronSim(WORDS.get(rule, rule), start)).timestamp() * 1000)
    except StopIteration:
        return None


def in_words(rule: str) -> str:
    return CronSim(WORDS.get(rule, rule), datetime.now(UTC)).explain()
