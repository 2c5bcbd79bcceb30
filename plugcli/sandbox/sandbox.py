"""A Sandbox: a backend at work, which runs code that nobody has to trust.

Used through an asynchronous interface that says nothing of processes or descriptors.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import PurePath

from plugcli.errors import PlugcliError, SandboxUnavailable, UsageError
from plugcli.sandbox import interpreter, refusal, view
from plugcli.sandbox.handle import Ending, Jail, OnOutput, Output
from plugcli.sandbox.jail import syscalls
from plugcli.sandbox.jail.plan import WORKSPACE
from plugcli.sandbox.launch import Launcher
from plugcli.sandbox.policy import Policy, spell_bytes, spell_seconds
from plugcli.sandbox.result import OUT_OF_MEMORY, TIMED_OUT, Outcome, RunResult
from plugcli.sandbox.verdict import Verdict, holding, refusing

_WAITING_PER_JAIL = 4
_CODE_PATH = "/tmp/code.py"


class Busy(PlugcliError):
    """Too many runs wait already. Try again in a few seconds."""


class Sandbox:
    """Runs code under `policy` in the interpreter `python` (default: the one that runs plugcli).

    Use as `async with`: entering makes the first jail, so it raises SandboxUnavailable where this machine cannot hold the policy, and
    UsageError when `python` is not an interpreter; leaving ends every run and leaves nothing behind. `spares` jails wait ready, so that a
    run costs a message and not a start.
    """

    def __init__(self, policy: Policy | None = None, *, python: str | None = None, spares: int = 1) -> None:
        self.policy = policy or Policy()
        self._python = python
        self._spares_wanted = spares
        self._spares: list[asyncio.Task[Jail]] = []
        self._launchers = AsyncExitStack()
        self._launcher: Launcher | None = None
        self._launching = asyncio.Lock()
        self._burials: set[asyncio.Task[None]] = set()
        self._waiting = 0

    async def __aenter__(self) -> "Sandbox":
        if sys.platform != "linux":
            raise refusal.elsewhere_than_linux()
        machine = os.uname().machine
        try:
            syscalls.numbers(machine)
        except KeyError:
            raise refusal.unknown_machine(machine) from None
        self._interpreter = interpreter.own() if self._python is None else interpreter.find(self._python)
        self._plan = view.plan(self.policy, self._interpreter)
        self._environment = view.environment(self.policy, self._interpreter)
        self._places = asyncio.Semaphore(_jails_that_fit(self.policy))
        try:
            self._spares.append(asyncio.create_task(self._make_jail()))
            await self._spares[0]
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for spare in self._spares:
            spare.cancel()
        for jail in await asyncio.gather(*self._spares, return_exceptions=True):
            if isinstance(jail, Jail):
                self._bury(jail)
        self._spares.clear()
        await self._launchers.aclose()
        await asyncio.gather(*self._burials)

    @property
    def verdict(self) -> Verdict:
        """Return what holds the code, as tried by the jail that was made on entering."""
        has_memory_cgroup = self._launcher is not None and self._launcher.has_memory_cgroup
        return holding(
            self.policy,
            self._interpreter.folders,
            is_root=os.geteuid() == 0,
            has_memory_cgroup=has_memory_cgroup,
        )

    async def run(
        self,
        code: str | bytes,
        *,
        name: str | None = None,
        arguments: Sequence[str] = (),
        stdin: AsyncIterator[bytes] | None = None,
        wall_seconds: float | None = None,
        on_output: OnOutput | None = None,
    ) -> RunResult:
        """Run `code` as `python script.py` would, in a jail of its own, and return how that ended.

        `name` is the script's file name: it then lies in the workspace. `stdin` is its standard input (default: empty). `on_output` gets
        the bytes of each stream as they come, up to the output limit. Cancelling ends the run. `wall_seconds` is never more than the
        policy's upper bound. Raises UsageError when it is not a positive number, Busy when too many runs wait, and SandboxUnavailable
        when no jail can be made any more.
        """
        if wall_seconds is None:
            wall_seconds = self.policy.wall_seconds
        elif not wall_seconds > 0:  # NaN too: no deadline would ever come
            raise UsageError(f"the time limit of a run is {wall_seconds}", hint="use seconds, more than 0")
        source = code.encode("utf-8", "surrogatepass") if isinstance(code, str) else code
        limit = min(wall_seconds, self.policy.wall_seconds_max)
        stdout, stderr = Output(self.policy.output_bytes), Output(self.policy.output_bytes)
        await self._take_place()
        try:
            jail = await self._take_jail()
        except BaseException:
            self._places.release()
            raise
        started = time.monotonic()
        try:
            ending = await jail.run(
                _job(name, arguments),
                source,
                wall_seconds=limit,
                stdout=stdout,
                stderr=stderr,
                stdin=stdin,
                on_output=on_output,
            )
        finally:
            self._bury(jail, self._places.release)
            self._refill()
        duration = time.monotonic() - started
        return _result(ending, self.policy, limit, stdout, stderr, round(duration * 1000))

    async def _take_place(self) -> None:
        if self._places.locked() and self._waiting >= _WAITING_PER_JAIL * self.policy.jails:
            raise Busy("too many runs are waiting for the sandbox", hint="try again in a few seconds")
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1

    async def _take_jail(self) -> Jail:
        """Return the jail that waits ready, else a new one."""
        if not self._spares:
            self._spares.append(asyncio.create_task(self._make_jail()))
        spare = self._spares.pop()
        try:
            return await asyncio.shield(spare)
        except asyncio.CancelledError:
            self._spares.append(spare)  # whoever comes next takes it
            raise

    def _refill(self) -> None:
        while len(self._spares) < self._spares_wanted:
            spare = asyncio.create_task(self._make_jail())
            spare.add_done_callback(_note_failure)
            self._spares.append(spare)

    async def _make_jail(self) -> Jail:
        async with self._launching:
            if self._launcher is None or not self._launcher.is_alive:
                launcher = Launcher(self._plan, self._environment)
                self._launcher = await self._launchers.enter_async_context(launcher)
        return await self._launcher.make_jail()

    def _bury(self, jail: Jail, and_then: Callable[[], None] = lambda: None) -> None:
        """End `jail`, and when nothing is left of it call `and_then`: off the path of whoever waits for its result."""

        async def wait() -> None:
            await jail.gone.wait()
            and_then()

        jail.close()
        burial = asyncio.create_task(wait())
        self._burials.add(burial)
        burial.add_done_callback(self._burials.discard)


async def diagnose(policy: Policy | None = None, *, python: str | None = None) -> Verdict:
    """Return the verdict on this machine, by making a jail as `serve` and `exec` do. Raises UsageError for no interpreter."""
    try:
        async with Sandbox(policy, python=python, spares=0) as sandbox:
            return sandbox.verdict
    except SandboxUnavailable as error:
        return refusing(error)


def _note_failure(spare: asyncio.Task[Jail]) -> None:
    """Look at a spare's exception, so that asyncio does not complain: the run that takes this spare raises it."""
    if not spare.cancelled():
        spare.exception()


def _jails_that_fit(policy: Policy) -> int:
    """Return how many jails may run at a time: all of them use at most half of the machine's memory."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(policy.jails, machine // 2 // policy.memory_bytes))


def _job(name: str | None, arguments: Sequence[str]) -> dict[str, object]:
    """Return what the interpreter is told beside the code.

    A named script lies in the workspace, which is its folder and its current one. Code without a name lies elsewhere, so that the
    workspace holds only what is the code's, and imports from the workspace all the same.
    """
    path = _CODE_PATH if name is None else f"{WORKSPACE}/{PurePath(name).name}"
    return {"path": path, "name": name or path, "arguments": list(arguments), "import_from": WORKSPACE}


def _result(
    ending: Ending, policy: Policy, limit: float, stdout: Output, stderr: Output, duration_ms: int
) -> RunResult:
    outcome, returncode, reason = _judge(ending, policy, limit)
    return RunResult(
        stdout=stdout.kept.decode(errors="replace"),
        stderr=stderr.kept.decode(errors="replace"),
        returncode=returncode,
        outcome=outcome,
        reason=reason,
        duration_ms=duration_ms,
        truncated={"stdout": stdout.left_out, "stderr": stderr.left_out},
    )


def _judge(ending: Ending, policy: Policy, limit: float) -> tuple[Outcome, int, str]:
    """Return outcome, returncode and reason."""
    if ending.is_timeout:
        return "timeout", TIMED_OUT, f"stopped after {spell_seconds(limit)}: the time limit of a run"
    if ending.is_out_of_memory:
        limit_text = spell_bytes(policy.memory_bytes)
        return (
            "out_of_memory",
            OUT_OF_MEMORY,
            f"out of memory: the code and its files used more than the limit of {limit_text}",
        )
    if ending.exited is None:
        return (
            "died",
            128 + signal.SIGKILL,
            "the jail was killed from outside: perhaps this machine ran out of memory",
        )
    if ending.exited < 0:
        return "died", 128 - ending.exited, f"the interpreter was killed by {_signal_name(-ending.exited)}"
    if ending.exited:
        return "error", ending.exited, f"the code exited with status {ending.exited}"
    return "ok", 0, ""


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"
