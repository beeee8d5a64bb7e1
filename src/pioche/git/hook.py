"""What git runs before and after a push moves refs: hands the question to the hub and prints its answer.

Started by git in a process of its own, by path, with the standard library only: it must not import the package.
The hub started git with one end of a socket pair, whose number is in `PIOCHE_PUSH`: nobody else can speak there.

Out:  one line of JSON: {"hook": name, "updates": ["<old> <new> <ref>"], "quarantine": path}
Back: one line of JSON: {"allowed": bool, "text": what the user's terminal shows}
"""

import json
import os
import sys


def main(hook: str) -> int:
    number = os.environ.get("PIOCHE_PUSH", "")
    if not number.isdigit():
        print("Push through the address of the hub: it checks and records what arrives.", file=sys.stderr)
        return 1
    question = {
        "hook": hook,
        "updates": sys.stdin.read().splitlines(),
        "quarantine": os.environ.get("GIT_OBJECT_DIRECTORY", ""),
    }
    try:
        answer = json.loads(ask(int(number), json.dumps(question).encode() + b"\n"))
    except (OSError, ValueError):
        print("The hub stopped during this push. Push again.", file=sys.stderr)
        return 1
    print(answer["text"], end="", file=sys.stderr)
    return 0 if answer["allowed"] else 1


def ask(channel: int, question: bytes) -> bytes:
    """One line back; a part of one if the other end is gone."""
    while question:
        question = question[os.write(channel, question) :]
    answer = b""
    while not answer.endswith(b"\n"):
        piece = os.read(channel, 65536)
        if not piece:
            break
        answer += piece
    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
