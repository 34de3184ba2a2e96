"""Child processes that are kept alive: started, started again when they die, ended in order."""

import asyncio
import ctypes
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

MISUSED = 2  # what a program that is set up wrongly ends with
SETTLED_SECONDS = 60.0  # who lives so long is well
LONGEST_PAUSE_SECONDS = 60.0
TOO_OFTEN = 3  # deaths in a row that an operator is told of
_SIGNAL_ON_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG of prctl(2)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: a command, and what its environment has beside ours."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


class Incidents(Protocol):
    """Who is told how a program fares; both raise nothing."""

    async def open(self, program: str, message: str) -> None:
        """It does not live."""

    async def close(self, program: str) -> None:
        """It is well."""


def pause_seconds(deaths: int) -> float:
    """How long to wait after so many deaths in a row: 1, 2, 4 … 60 seconds."""
    return min(LONGEST_PAUSE_SECONDS, 2.0 ** (deaths - 1))


class Child:
    """One program that is kept alive. It has a process group of its own, which ends with it."""

    def __init__(self, program: Program, incidents: Incidents) -> None:
        self.program = program
        self._incidents = incidents
        self._ending = asyncio.Event()
        self._process: Process | None = None
        # Held while a process is being started: whoever ends it must see the one that comes.
        self._starting = asyncio.Lock()

    async def keep(self) -> None:
        """Runs the program, again and again, until `end`; once if it is set up wrongly."""
        name, deaths = self.program.name, 0
        while not self._ending.is_set():
            try:
                process = await self._start()
            except (FileNotFoundError, PermissionError) as error:
                await self._give_up(f"The program {name} cannot be started: {error}.")
                return
            except OSError as error:  # no memory, no process left: that may pass
                settled, end = False, str(error)
            else:
                if process is None:
                    return
                settled, code = await self._lived(process)
                if self._ending.is_set():
                    return
                if code == MISUSED:
                    await self._give_up(f"The program {name} is set up wrongly: its log says how.")
                    return
                end = f"exit code {code}"
            deaths = 1 if settled else deaths + 1
            await self._mourn(deaths, end)

    async def _start(self) -> Process | None:
        """The program's next process; None if it is to end. Raises OSError."""
        async with self._starting:
            if self._ending.is_set():
                return None
            self._process = await _started(self.program)
            log.info("started", program=self.program.name, pid=self._process.pid)
            return self._process

    async def _mourn(self, deaths: int, end: str) -> None:
        """Waits before the next start, and tells of a program that dies too often."""
        name, pause = self.program.name, pause_seconds(deaths)
        log.error("ended by itself", program=name, reason=end, starts_again_in_seconds=pause)
        if deaths >= TOO_OFTEN:
            message = f"The program {name} ends again and again, the last time with {end}."
            await self._incidents.open(name, message)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), pause)

    async def end(self, seconds: float, hurry: asyncio.Event) -> None:
        """Asks the process to end; kills it when `seconds` are over, or when there is `hurry`."""
        self._ending.set()
        async with self._starting:
            process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        waits = [asyncio.ensure_future(process.wait()), asyncio.ensure_future(hurry.wait())]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if process.returncode is None:
            log.warning("killed, as it does not end", program=self.program.name)
        _kill_group(process.pid)
        await process.wait()
        for wait in waits:
            wait.cancel()

    async def _lived(self, process: Process) -> tuple[bool, int]:
        """Waits for the end: whether it was well for a while, and its exit code."""
        settled = False
        try:
            code = await asyncio.wait_for(process.wait(), SETTLED_SECONDS)
        except TimeoutError:
            settled = True
            await self._incidents.close(self.program.name)
            code = await process.wait()
        # A worker that was killed leaves children, which would go on with a job that is lost.
        _kill_group(process.pid)
        return settled, code

    async def _give_up(self, message: str) -> None:
        log.error("given up", program=self.program.name, reason=message)
        await self._incidents.open(self.program.name, message)


async def _started(program: Program) -> Process:
    # All that can be is done before the fork: other threads may hold locks at that moment.
    parent, libc = os.getpid(), ctypes.CDLL(None)
    return await asyncio.create_subprocess_exec(
        *program.command,
        env={**os.environ, **program.environment},
        stdin=DEVNULL,
        stdout=sys.stderr.fileno(),  # our own output stays clean
        process_group=0,  # Ctrl-C is for us alone, who end them in order
        preexec_fn=lambda: _end_with(parent, libc),
    )


def _end_with(parent: int, libc: ctypes.CDLL) -> None:
    """In the child, before it is the program: SIGTERM for it when the parent dies, on Linux."""
    with suppress(AttributeError):  # other systems have no prctl
        libc.prctl(_SIGNAL_ON_PARENTS_DEATH, int(signal.SIGTERM))
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
