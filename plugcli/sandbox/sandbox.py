"""The Sandbox: the Engine of this machine. See engine.py for what each method promises."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from functools import partial
from pathlib import PurePath

from plugcli.errors import SandboxUnavailable
from plugcli.sandbox.aside import Aside
from plugcli.sandbox.busy import Busy
from plugcli.sandbox.conversation import OpenedSession
from plugcli.sandbox.engine import Incoming, Key, OnOutput, Status, TakeFile
from plugcli.sandbox.file import File
from plugcli.sandbox.handle import Capture, Jail
from plugcli.sandbox.jail.plan import Places
from plugcli.sandbox.launch import Launcher
from plugcli.sandbox.limits import Limits
from plugcli.sandbox.outcome import collect, conclude
from plugcli.sandbox.policy import Policy
from plugcli.sandbox.protection import Protection, holding, refusing
from plugcli.sandbox.result import RunResult
from plugcli.sandbox.session_files import SessionFiles
from plugcli.sandbox.sessions import Sessions
from plugcli.sandbox.start import Setup, Started, set_up, start
from plugcli.sandbox.view import STRONGEST
from plugcli.sandbox.workspace import Workspace

_WAITING_PER_JAIL = 4
_SEARCHED_BYTES = 65536
_END_SECONDS = 0.5  # for a jail's init to end all of it, before it is killed
_BURIAL_SECONDS = 0.001  # after the answer, and after whoever waits for it on the same CPU
_MORE_THREADS = 16  # than there are workspaces
_REFILL_SECONDS = 0.005  # after the answer to a short run is on its way


class Sandbox:
    """Runs code under `policy` in the interpreter `python` (default: the one that runs plugcli).

    Use as `async with`: entering makes the first jail, so it raises SandboxUnavailable where this machine cannot hold the policy, and
    UsageError when `python` is not an interpreter; leaving ends every run and leaves nothing behind. `spares` jails wait ready, so that a
    run costs a message and not a start. `ahead` is a launcher that is already running.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        python: str | None = None,
        spares: int = 1,
        preload: Sequence[str] = (),
        ahead: tuple[Setup, Started] | None = None,
    ) -> None:
        self.policy = policy or Policy()
        self._python = python
        self._wanted = tuple(preload)
        self._ahead = ahead
        self._spares_wanted = spares
        self._spares: dict[bool, list[asyncio.Task[Jail]]] = {
            False: [],
            True: [],
        }  # by whether it is preloaded
        self._launchers = AsyncExitStack()
        self._launcher: Launcher | None = None
        self._launching = asyncio.Lock()
        self._burials: set[asyncio.Task[None]] = set()
        self._ended: list[tuple[Jail, Workspace]] = []  # of runs that are over
        self._aside = Aside(2 * self.policy.sessions + self.policy.jails + _MORE_THREADS)
        self._waiting = 0
        self._is_open = True

    async def __aenter__(self) -> "Sandbox":
        if self._ahead:
            self._setup = self._ahead[0]
        else:
            has_spares = self._spares_wanted > 0
            self._setup = set_up(self.policy, self._python, self._wanted, has_spares=has_spares)
        self._installed = self._setup.interpreter.installed() if self.preloaded else ()
        self._words = tuple(name.partition(".")[0].encode() for name in self.preloaded)
        machine_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        self._places = asyncio.Semaphore(self.policy.runs(self.policy.memory_bytes, machine_bytes))
        self.sessions = Sessions(
            self.policy,
            self.policy,
            self.policy.session_bytes(machine_bytes),
            partial(self._take_jail, is_preloaded=bool(self.preloaded)),
            self._bury,
            self._notice_upgrades,
            self._aside,
            has_spare=self._spares_wanted > 0,
        )
        """The conversations."""
        try:
            self._spares[False].append(asyncio.create_task(self._make_jail(is_preloaded=False)))
            await self._spares[False][0]
        except BaseException:
            await self.__aexit__()
            raise
        if self._spares_wanted:
            self._refill()
            self.sessions.prepare()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_open = False
        self._bury_ended()
        if hasattr(self, "sessions"):
            await self.sessions.close()
        spares = [*self._spares[False], *self._spares[True]]
        for spare in spares:
            spare.cancel()
        for jail in await asyncio.gather(*spares, return_exceptions=True):
            if isinstance(jail, Jail):
                self._bury(jail)
        self._spares = {False: [], True: []}
        await self._launchers.aclose()
        await asyncio.gather(*self._burials)
        await self._aside.close()

    @property
    def limits(self) -> Limits:
        """Return what a run, or a conversation, may use."""
        return self.policy

    @property
    def preloaded(self) -> tuple[str, ...]:
        """Return the modules that a preloaded jail has imported before its job comes."""
        return self._setup.preloaded

    @property
    def preload_problem(self) -> str:
        """Return why the modules in `preloaded` could not be preloaded; empty if they were, or if there are none."""
        return self._launcher.preload_problem if self._launcher is not None else ""

    @property
    def protection(self) -> Protection:
        """Return how the code is confined, as shown by the jail that was made on entering."""
        launcher = self._launcher
        return holding(
            STRONGEST if launcher is None else launcher.level,
            self.policy,
            self._setup.interpreter.folders,
            self._setup.plan.folder,
            () if launcher is None else launcher.before,
            () if launcher is None else launcher.lacks,
            is_root=os.geteuid() == 0,
            cgroup_version=0 if launcher is None else launcher.cgroup_version,
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
        files: Sequence[Incoming] = (),
        take_file: TakeFile | None = None,
    ) -> RunResult:
        """Run `code` as `python script.py` would, in a jail of its own, and return how that ended: see Engine.run."""
        limit = self.policy.time_limit(wall_seconds)
        source = code.encode("utf-8", "surrogatepass") if isinstance(code, str) else code
        capture = Capture.up_to(self.policy.output_bytes, on_output)
        self._notice_upgrades()
        await self._take_place()
        try:
            jail = await self._take_jail(is_preloaded=self._wants_preloaded(source))
        except BaseException:
            self._places.release()
            raise
        workspace = Workspace.of(jail, self.policy, self._aside)
        try:
            if files:
                workspace.scribe = jail.scribe
                for each in files:
                    await workspace.put(each.name, each.chunks)
                workspace.scribe = None
            started = time.monotonic()
            ending = await jail.run(
                _job(name, arguments, jail.places), source, wall_seconds=limit, capture=capture, stdin=stdin
            )
            duration = time.monotonic() - started
            conclusion = conclude(ending, self.policy, limit)
            result = await collect(conclusion, capture, workspace, self.policy, self._aside)
            script = None if name is None else PurePath(name).name
            made = [file for file in result.files if file["name"] != script]
            result = replace(result, duration_ms=round(duration * 1000), files=made)
            if take_file is not None:
                for file in made:
                    taken = File(file["name"], file["bytes"], file["mime"])
                    async with aclosing(_chunks(workspace, taken.name)) as chunks:
                        await take_file(taken, chunks)
        finally:
            self._ended.append((jail, workspace))
            asyncio.get_running_loop().call_later(_BURIAL_SECONDS, self._bury_ended)
        return result

    async def open(self, key: Key) -> OpenedSession:
        """Return the conversation that `key` names, made if there is none: see Engine.open."""
        is_kept = self.sessions.find(key) is not None
        return OpenedSession(await self.sessions.open(key), "kept" if is_kept else "new")

    async def find(self, key: Key) -> OpenedSession | None:
        """Return the conversation that `key` names; None if no such conversation is alive."""
        session = self.sessions.find(key)
        if session is None:
            return None
        session.touch()
        return OpenedSession(session, "kept")

    async def files(self, handle: str) -> SessionFiles | None:
        """Return the files of the conversation that `handle` names, alive or ended not long ago."""
        if self.sessions.files(handle) is None:
            return None
        return SessionFiles(lambda: self.sessions.files(handle), lambda: 0)

    async def status(self) -> list[Status]:
        """Return the state of this machine as the only entry of a list."""
        return [Status(self.protection, len(self.sessions), self.preloaded, self.preload_problem)]

    def _wants_preloaded(self, source: bytes) -> bool:
        """Whether code is worth a preloaded jail: a bounded look for the words in its text, which is not parsed."""
        start = source[:_SEARCHED_BYTES]
        return any(word in start for word in self._words)

    async def _take_place(self) -> None:
        if self._places.locked() and self._waiting >= _WAITING_PER_JAIL * self.policy.jails:
            raise Busy("too many runs are waiting for the sandbox", hint="try again in a few seconds")
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1

    async def _take_jail(self, *, is_preloaded: bool = False) -> Jail:
        """Return a jail that waits ready, else a new one."""
        spares = self._spares[is_preloaded]
        while True:
            if not spares:
                spares.append(asyncio.create_task(self._make_jail(is_preloaded=is_preloaded)))
            spare = spares.pop(0)
            try:
                jail = await asyncio.shield(spare) if not spare.done() else spare.result()
            except asyncio.CancelledError:
                spares.append(spare)  # whoever comes next takes it
                raise
            if jail.ending is None:
                asyncio.get_running_loop().call_later(_REFILL_SECONDS, self._refill)
                return jail
            self._bury(jail)  # it was killed while it waited

    def _notice_upgrades(self) -> None:
        """Discard jails that have imported packages which have been upgraded since: half of their modules would be old, half new."""
        if not self.preloaded or (installed := self._setup.interpreter.installed()) == self._installed:
            return
        self._installed = installed
        old, self._spares[True] = self._spares[True], []
        for spare in old:
            spare.add_done_callback(self._discard_spare)
            spare.cancel()
        self.sessions.renew()
        if self._launcher is not None:
            self._launcher.renew()

    def _discard_spare(self, spare: asyncio.Task[Jail]) -> None:
        if not spare.cancelled() and spare.exception() is None:
            self._bury(spare.result())

    def _refill(self) -> None:
        if not self._is_open:
            return
        for is_preloaded in (False, True) if self.preloaded else (False,):
            spares = self._spares[is_preloaded]
            while len(spares) < self._spares_wanted:
                spare = asyncio.create_task(self._make_jail(is_preloaded=is_preloaded))
                spare.add_done_callback(_note_failure)
                spares.append(spare)

    async def _make_jail(self, *, is_preloaded: bool) -> Jail:
        launcher = await self._living_launcher()
        try:
            return await launcher.make_jail(is_preloaded=is_preloaded)
        except SandboxUnavailable:
            if launcher.is_alive:
                raise
        return await (await self._living_launcher()).make_jail(is_preloaded=is_preloaded)  # it was killed

    async def _living_launcher(self) -> Launcher:
        async with self._launching:
            if self._launcher is None or not self._launcher.is_alive:
                ahead, self._ahead = self._ahead, None
                launcher = Launcher(ahead[1] if ahead else start(self._setup))
                self._launcher = await self._launchers.enter_async_context(launcher)
        return self._launcher

    def _bury_ended(self) -> None:
        ended, self._ended = self._ended, []
        for jail, files in ended:
            files.close()
            self._bury(jail, self._places.release)

    def _bury(self, jail: Jail, and_then: Callable[[], None] = lambda: None) -> None:
        """End `jail`, and call `and_then` when nothing is left of it. Callers that wait for a result do not wait for this."""

        is_over = jail.ending is not None

        async def wait() -> None:
            if not is_over:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_END_SECONDS):
                        await jail.gone.wait()
                        await jail.init_ended()  # without a launcher, nobody but the init ends its processes
                jail.kill()
            await jail.gone.wait()
            and_then()

        descriptors = jail.end()
        if is_over:  # its init has ended all other processes
            jail.kill()
        if self._is_open:  # what the code left in them may take the kernel long to free
            self._aside.start(_close, descriptors)
        else:
            _close(descriptors)
        burial = asyncio.create_task(wait())
        self._burials.add(burial)
        burial.add_done_callback(self._burials.discard)


async def _chunks(workspace: Workspace, name: str) -> AsyncGenerator[bytes, None]:
    async with workspace.opened(name) as opened:
        async for chunk in opened.chunks():
            yield chunk


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


async def diagnose(policy: Policy | None = None, *, python: str | None = None) -> Protection:
    """Return how this machine protects itself, by making a jail as `serve` and `exec` do. Raises UsageError for a bad `python`."""
    try:
        async with Sandbox(policy, python=python, spares=0) as sandbox:
            return sandbox.protection
    except SandboxUnavailable as error:
        return refusing(error)


def _note_failure(spare: asyncio.Task[Jail]) -> None:
    """Look at a spare's exception, so that asyncio does not complain: the run that takes this spare raises it."""
    if not spare.cancelled():
        spare.exception()


def _job(name: str | None, arguments: Sequence[str], places: Places) -> dict[str, object]:
    """Return what the interpreter is told besides the code.

    A named script lies in the workspace, which is both its folder and its working directory. Code without a name lies elsewhere, so that
    the workspace holds only the code's own files, but it can still import from the workspace.
    """
    path = f"{places.scratch}/code.py" if name is None else f"{places.workspace}/{PurePath(name).name}"
    return {"path": path, "name": name or path, "arguments": list(arguments), "import_from": places.workspace}
