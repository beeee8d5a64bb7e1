"""Running git on behalf of a client: bodies stream in, answers stream out, hooks ask over a socket pair.

Fetching reads its whole (small) request first. A push is fed as it arrives and then runs to its end, even if the
client leaves: once refs may have moved, the record of it must follow.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import zlib
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from pioche.errors import HubError, InvalidInput, TooLarge
from pioche.git.service import Git
from pioche.git.turns import Turn
from pioche.git.types import Push, RefUpdate
from pioche.ports.gitstore import Program

log = logging.getLogger("pioche.git")

READ_SIZE = 256 * 1024
QUESTION_LIMIT = 64 * 1024 * 1024
"""Bytes of one question of the hook: about half a million refs."""
COMMANDS_LIMIT = 16 * 1024 * 1024
"""Bytes of what a push says before its pack: about a hundred thousand refs. Git keeps all of it in memory."""
NO_CACHE = {
    "cache-control": "no-cache, max-age=0, must-revalidate",
    "expires": "Fri, 01 Jan 1980 00:00:00 GMT",
    "pragma": "no-cache",
}


class Question(msgspec.Struct, frozen=True):
    hook: str
    updates: list[str]
    quarantine: str


class Answer(msgspec.Struct, frozen=True):
    allowed: bool
    text: str


class ProgramResponse(StreamingResponse):
    """What a program prints. The program ends with the answer, also when the client leaves early."""

    def __init__(self, process: Process, media_type: str, turn: Turn) -> None:
        super().__init__(_output(process), headers=NO_CACHE, media_type=media_type)
        self._process = process
        self._turn = turn

    async def aclose_source(self) -> None:
        try:
            await _end(self._process)
        finally:
            self._turn.end()


async def start(program: Program, protocol: str, extra: Mapping[str, str], pass_fds: tuple[int, ...] = ()) -> Process:
    environment = {**program.environment, **extra}
    if protocol:
        environment["GIT_PROTOCOL"] = protocol
    return await asyncio.create_subprocess_exec(
        *program.arguments,
        stdin=PIPE,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        limit=2 * READ_SIZE,
        pass_fds=pass_fds,
    )


async def answer_fetch(program: Program, protocol: str, body: bytes, turn: Turn) -> ProgramResponse:
    """The turn ends with the answer."""
    process = await start(program, protocol, {})
    assert process.stdin is not None
    process.stdin.write(body)
    process.stdin.close()
    return ProgramResponse(process, "application/x-git-upload-pack-result", turn)


async def print_of(program: Program, media_type: str, turn: Turn) -> ProgramResponse:
    """What the program prints, which asks nothing. The turn ends with the answer."""
    process = await start(program, "", {})
    assert process.stdin is not None
    process.stdin.close()
    return ProgramResponse(process, media_type, turn)


class PushRun:
    """One `git receive-pack` from its first byte to its record."""

    def __init__(self, git: Git, push: Push, turn: Turn) -> None:
        """The turn ends with the record."""
        self._git = git
        self._push = push
        self._turn = turn
        self._output: asyncio.Queue[bytes] = asyncio.Queue()
        self._ours, self._theirs = socket.socketpair()

    async def run(self, program: Program, body: AsyncIterator[bytes]) -> StreamingResponse:
        """Raises `ClientDisconnect` if the client leaves before all of its body was here: nothing happened then."""
        extra = {"PIOCHE_PUSH": str(self._theirs.fileno())}
        try:
            process = await start(program, "", extra, (self._theirs.fileno(),))
        finally:
            self._theirs.close()
        work = asyncio.ensure_future(self._work(process))
        try:
            await _feed(process, body)
        except (ClientDisconnect, HubError):
            await _end(process)
            await work
            raise
        # Not bound to this request: `_work` goes on when nobody reads any more.
        self._git.under_way.add(work)
        work.add_done_callback(self._git.under_way.discard)
        return StreamingResponse(self._pieces(), headers=NO_CACHE, media_type="application/x-git-receive-pack-result")

    async def _work(self, process: Process) -> None:
        hooks = asyncio.ensure_future(self._answer_hooks())
        try:
            async for piece in _output(process):
                self._output.put_nowait(piece)
            await process.wait()
        finally:
            self._output.put_nowait(b"")
            try:
                await hooks
            finally:
                try:
                    await asyncio.get_running_loop().run_in_executor(None, self._git.end_push, self._push)
                finally:
                    self._turn.end()

    async def _answer_hooks(self) -> None:
        """Ends when git and all that it started have closed their end."""
        loop = asyncio.get_running_loop()
        reader, writer = await asyncio.open_unix_connection(sock=self._ours, limit=QUESTION_LIMIT)
        try:
            while line := await reader.readline():
                question = msgspec.json.decode(line, type=Question)
                answer = await loop.run_in_executor(None, self._answer, question)
                writer.write(msgspec.json.encode(answer) + b"\n")
        finally:
            writer.close()

    def _answer(self, question: Question) -> Answer:
        updates = [RefUpdate.parse(line) for line in question.updates]
        try:
            if question.hook == "pre-receive":
                reasons = self._git.check_push(self._push, updates, Path(question.quarantine))
                return Answer(not reasons, _refusal(reasons))
            self._git.record_push(self._push, updates)
        except HubError as error:
            return Answer(False, _refusal([error.message]))
        return Answer(True, "")

    async def _pieces(self) -> AsyncIterator[bytes]:
        while piece := await self._output.get():
            yield piece


def _refusal(reasons: list[str]) -> str:
    """Set apart from what git itself prints around it."""
    return "".join(f"{line}\n" for line in ["", "This push was refused:", *reasons, ""]) if reasons else ""


async def unzipped(body: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """The body without its gzip, in pieces of a bounded size. Raises `InvalidInput`."""
    if encoding.lower() not in ("gzip", "x-gzip"):
        async for piece in body:
            yield piece
        return
    decoder = zlib.decompressobj(wbits=31)
    try:
        async for piece in body:
            while piece:
                yield decoder.decompress(piece, READ_SIZE)
                piece = decoder.unconsumed_tail
        yield decoder.flush()
    except zlib.error as error:
        raise InvalidInput("The body says that it is gzip, and it is not.") from error
    if not decoder.eof:
        raise InvalidInput("The body ends in the middle of its gzip.")


class Commands:
    """Follows the lines at the start of a push (four hex digits with the length of each, and 0000 at the end)."""

    def __init__(self) -> None:
        self._seen = bytearray()
        self._at = 0
        self._is_over = False

    def read(self, piece: bytes) -> None:
        """Raises `TooLarge`."""
        if self._is_over:
            return
        self._seen += piece[: COMMANDS_LIMIT + 4]
        while not self._is_over and len(self._seen) >= self._at + 4:
            size = _length(bytes(self._seen[self._at : self._at + 4]))
            self._is_over, self._at = size == 0, self._at + size
        if self._is_over:
            self._seen.clear()
        elif len(self._seen) > COMMANDS_LIMIT:
            raise TooLarge("This push changes too many refs at once. Push them in several parts.")


def _length(digits: bytes) -> int:
    """Of a line; 0 for the end, and for what is no length: git stops there too."""
    try:
        size = int(digits, 16)
    except ValueError:
        return 0
    return size if size >= 4 else 0


async def _feed(process: Process, body: AsyncIterator[bytes]) -> None:
    """All of the body to git. A git that stopped reading has said why: the rest is read and dropped."""
    assert process.stdin is not None
    listening, commands = True, Commands()
    async for piece in body:
        commands.read(piece)
        # uvloop raises RuntimeError, not BrokenPipeError, for a pipe that it has seen close already.
        if listening and not process.stdin.is_closing():
            try:
                process.stdin.write(piece)
                await process.stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                listening = False
    process.stdin.close()


async def _output(process: Process) -> AsyncIterator[bytes]:
    assert process.stdout is not None
    while piece := await process.stdout.read(READ_SIZE):
        yield piece


async def _end(process: Process) -> None:
    """Git removes its temporary files on this signal."""
    if process.returncode is None:
        try:
            process.terminate()
        except ProcessLookupError:
            log.debug("git %s ended by itself", process.pid)
        await process.wait()
