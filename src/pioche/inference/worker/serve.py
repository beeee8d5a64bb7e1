"""Answers questions to one model over a socket. Arguments: the folder of the model, the task.

A connection is one question: a line of JSON `{task, inputs, parameters}`. The answer is lines of JSON: any number
of `{"part": ...}`, then `{"result": ...}` or `{"error": text, "kind": "input" | "failure"}`. What waits when the model
gets free is answered together; nothing waits for more to come.
"""

from __future__ import annotations

import json
import queue
import socketserver
import sys
import threading
import time
from pathlib import Path
from typing import Any

SOCKET = "model.sock"
MOST_AT_ONCE = 32
LINE_LIMIT = 64 * 1024 * 1024


class Question:
    def __init__(self, task: str, inputs: Any, parameters: dict[str, Any]) -> None:
        self.task = task
        self.inputs = inputs
        self.parameters = parameters
        self.said: queue.Queue[dict[str, Any]] = queue.Queue()
        self.gone = threading.Event()

    @property
    def sort(self) -> str:
        """Questions of one sort are answered together."""
        return self.task + json.dumps(self.parameters, sort_keys=True)


def next_batch(waiting: queue.Queue[Question], left: list[Question]) -> list[Question]:
    """One question, or all that wait with the same parameters. `left` keeps the others in order."""
    if not left:
        left.append(waiting.get())
    while not waiting.empty() and len(left) < 4 * MOST_AT_ONCE:
        left.append(waiting.get_nowait())
    sort = left[0].sort
    batch = [question for question in left if question.sort == sort][:MOST_AT_ONCE]
    left[:] = [question for question in left if question not in batch]
    return [question for question in batch if not question.gone.is_set()]


def answer(engine: Any, batch: list[Question]) -> None:
    try:
        if engine.streams(batch[0].task):
            for question in batch:
                for part in engine.stream(question.task, question.inputs, question.parameters, question.gone):
                    question.said.put({"part": part})
                question.said.put({"result": None})
            return
        results = engine.run(batch[0].task, [question.inputs for question in batch], batch[0].parameters)
        for question, result in zip(batch, results, strict=True):
            question.said.put({"result": result})
    except Exception as error:
        # One of them may be at fault: each is tried alone.
        if len(batch) > 1:
            for question in batch:
                answer(engine, [question])
            return
        is_input = isinstance(error, (ValueError, TypeError, KeyError, IndexError))
        # What is said of a question is a sentence; of faults of a library the kind is half of what is known.
        text = str(error) if type(error) is ValueError and str(error) else f"{type(error).__name__}: {error}"
        batch[0].said.put({"error": text[:500], "kind": "input" if is_input else "failure"})


def line_of(said: dict[str, Any]) -> bytes:
    try:
        return json.dumps(said, allow_nan=False).encode() + b"\n"
    except ValueError:  # no number that JSON has
        fault = "The answer of the model is not a number: its weights are damaged, or its training blew up."
        return json.dumps({"error": fault, "kind": "failure"}).encode() + b"\n"


def main() -> None:
    folder, task = sys.argv[1], sys.argv[2]
    sys.path.insert(0, str(Path(__file__).parent))
    from formats import open_engine

    started = time.monotonic()
    engine = open_engine(Path(folder), task)
    print(json.dumps({"loaded": round(time.monotonic() - started, 2)}), flush=True)
    waiting: queue.Queue[Question] = queue.Queue()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline(LINE_LIMIT)
            asked = json.loads(line) if line.endswith(b"\n") else None
            if asked is None:
                return
            question = Question(asked["task"], asked["inputs"], asked["parameters"])
            waiting.put(question)
            try:
                while True:
                    said = question.said.get()
                    self.wfile.write(line_of(said))
                    if "part" not in said:
                        return
            except OSError:
                question.gone.set()

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True
        request_queue_size = 128

    # Under its own name when it listens: whoever sees it asks at once.
    server = Server(f"{SOCKET}.part", Handler)
    Path(f"{SOCKET}.part").rename(SOCKET)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    left: list[Question] = []
    while True:
        if batch := next_batch(waiting, left):
            answer(engine, batch)


if __name__ == "__main__":
    main()
