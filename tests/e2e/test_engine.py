"""What an Engine promises, on this machine and over a socket: none of it needs a process or a descriptor of the host."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest
from starlette.types import Message

from plugcli.builtin.python import download
from plugcli.errors import UsageError
from plugcli.sandbox import Conversation, Engine, File, FileRefused, Incoming, Key, Policy, Sandbox
from tests.e2e.elsewhere import Elsewhere

Open = Callable[[Policy], AbstractAsyncContextManager[Engine]]
SMALL = Policy(memory_bytes=256 << 20, wall_seconds=20)


@pytest.fixture(params=["here", "elsewhere"])
def engine(request: pytest.FixtureRequest) -> Open:
    """What makes the Engine."""
    return Sandbox if request.param == "here" else Elsewhere


def on(engine: Open, work: Callable[[Engine], Awaitable[None]], policy: Policy = SMALL) -> None:
    """Do `work` on a new Engine."""

    async def main() -> None:
        async with engine(policy) as opened:
            await work(opened)

    asyncio.run(main())


async def chunks(*data: bytes) -> AsyncIterator[bytes]:
    """A stream that comes in parts."""
    for each in data:
        yield each


def test_run_takes_and_gives_streams_and_files(engine: Open) -> None:
    """Standard input, output as it comes, files before and after: all that `exec` has."""
    said: list[tuple[str, bytes]] = []
    taken: dict[str, bytes] = {}

    async def take(file: File, data: AsyncIterator[bytes]) -> None:
        taken[file.name] = b"".join([each async for each in data])
        assert len(taken[file.name]) == file.bytes

    async def work(opened: Engine) -> None:
        code = (
            "import sys; open('out.txt', 'w').write(open('in.txt').read() + sys.stdin.read()); print('done')"
        )
        run = await opened.run(
            code,
            stdin=chunks(b"b" * 300_000, b"c"),
            on_output=lambda stream, data: said.append((stream, data)),
            files=[Incoming("in.txt", chunks(b"a", b"a"))],
            take_file=take,
        )
        assert (run.outcome, run.stdout, [file["name"] for file in run.files]) == (
            "ok",
            "done\n",
            ["out.txt"],
        )

    on(engine, work)
    assert b"".join(data for _, data in said) == b"done\n"
    assert taken == {"out.txt": b"aa" + b"b" * 300_000 + b"c"}


def test_refusals_and_failures_are_those_of_the_caller(engine: Open) -> None:
    """A bad name and a bad number are told in words; what a caller's own stream raises is raised to the caller."""

    async def fail() -> AsyncIterator[bytes]:
        yield b"half"
        raise ZeroDivisionError

    async def work(opened: Engine) -> None:
        with pytest.raises(FileRefused) as refused:
            await opened.run("1", files=[Incoming("../x", chunks(b""))])
        assert refused.value.kind == "name"
        with pytest.raises(UsageError):
            await opened.run("1", wall_seconds=-1)
        with pytest.raises(ZeroDivisionError):
            await opened.run("1", files=[Incoming("x", fail())])
        assert (await opened.run("print(1)")).stdout == "1\n"

    on(engine, work)


def test_no_owner_reaches_the_conversation_of_another(engine: Open) -> None:
    """Two people who name their work alike have two conversations, and an id is nothing to whoever does not own it."""

    async def work(opened: Engine) -> None:
        ann = await opened.open(Key("work", owner="ann"))
        bob = await opened.open(Key("work", owner="bob"))
        await ann.run("n = 1")
        assert (await bob.run("'n' in dir()")).result == "False"
        for owner in ("bob", None):
            assert await opened.find(Key(id=ann.id, owner=owner)) is None
            assert (await opened.open(Key("other", id=ann.id, owner=owner))).id != ann.id
        again = await opened.open(Key("other", id=ann.id, owner="ann"))
        assert (again.id, again.state, (await again.run("n")).result) == (ann.id, "kept", "1")

    on(engine, work)


SIZE = 3 * download.CHUNK_BYTES
OTHERS = {
    "replaced": ["open('b', 'w').write('B' * SIZE); os.replace('b', 'a')"],
    "deleted": ["os.remove('a')"],
    "copied after the interpreter died": ["os._exit(3)", "1"],
    "written anew after the interpreter died": ["os._exit(3)", "open('a', 'w').write('C' * SIZE)"],
}
"""What calls may do with the file `a` while it is downloaded."""


@pytest.mark.parametrize("asked", [{}, {b"range": b"bytes=1-"}], ids=["whole", "range"])
def test_download_is_of_one_file_whatever_calls_do_meanwhile(engine: Open, asked: dict[bytes, bytes]) -> None:
    """Neither a mixture of two files nor cut off: whoever has begun to fetch a file gets that file."""

    async def fetched(
        opened: Engine, conversation: Conversation, others: list[str]
    ) -> tuple[int, set[int], bool]:
        await conversation.run(f"import os; SIZE = {SIZE}; open('a', 'w').write('A' * SIZE)")
        files = await opened.files(conversation.handle)
        assert files is not None
        data, is_complete = b"", False

        async def send(message: Message) -> None:
            nonlocal data, is_complete
            if message["type"] == "http.response.start":
                return
            is_first = not data
            data += message["body"]
            is_complete = not message.get("more_body", False)
            for code in others if is_first else ():
                await conversation.run(f"import os; SIZE = {SIZE}; {code}")

        await download.send_file(files, "a", asked, send, is_head=False)
        return len(data), set(data), is_complete

    async def work(opened: Engine) -> None:
        conversation = await opened.open(Key("work"))
        got = {case: await fetched(opened, conversation, others) for case, others in OTHERS.items()}
        assert got == dict.fromkeys(OTHERS, (SIZE - len(asked), {ord("A")}, True))

    on(engine, work)


async def ended(opened: Engine, name: str, code: str) -> Conversation:
    """A conversation that has run `code`, and has made room for others since; at most two may live."""
    conversation = await opened.open(Key(name))
    await conversation.run(code)
    for other in ("\0one", "\0two"):
        await opened.open(Key(f"{name}{other}"))
    assert await opened.find(Key(name)) is None
    return conversation


async def names_at(opened: Engine, handle: str) -> list[str]:
    """The names of the files that `handle` leads to."""
    files = await opened.files(handle)
    assert files is not None
    return [file.name for file in (await files.list()).files]


@pytest.mark.parametrize("by", ["id id", "id name", "name id", "name name"])
def test_calls_at_once_that_reopen_a_session_share_it(engine: Open, by: str) -> None:
    """By its id or by its name: none of them gets another session that is empty, and its files can be had meanwhile."""

    async def called(opened: Engine, key: Key) -> tuple[str, str | None]:
        conversation = await opened.open(key)
        run = await conversation.run("n = globals().get('n', 0) + 1; import os; (n, os.listdir())")
        return conversation.id, run.result

    async def work(opened: Engine) -> None:
        old = await ended(opened, "work", "open('f', 'w').write('x' * 1000)")
        keys = [Key("other", id=old.id) if each == "id" else Key("work") for each in by.split()]
        calls = [asyncio.ensure_future(called(opened, key)) for key in keys]
        while not all(call.done() for call in calls):
            assert await names_at(opened, old.handle) == ["f"]
        assert {await call for call in calls} == {(old.id, "(1, ['f'])"), (old.id, "(2, ['f'])")}

    on(engine, work, replace(SMALL, sessions=2))


def test_file_deleted_while_its_session_is_reopened_stays_deleted(engine: Open) -> None:
    """Or the deletion is refused: none is answered and then undone."""

    async def work(opened: Engine) -> None:
        old = await ended(opened, "work", "for n in range(40): open(f'{n:02}', 'w').write('x')")
        files = await opened.files(old.handle)
        assert files is not None
        opening = asyncio.ensure_future(opened.open(Key("work")))
        left = []
        for name in await names_at(opened, old.handle):
            try:
                await files.delete(name)
            except FileRefused as refused:
                left.append((name, refused.kind))
        await opening
        assert [(name, "busy") for name in await names_at(opened, old.handle)] == left

    on(engine, work, replace(SMALL, sessions=2))


def test_session_that_comes_back_where_one_may_live_finds_its_files(engine: Open) -> None:
    """It makes the other one end, whose files need its place among those that are kept."""

    async def work(opened: Engine) -> None:
        for name in ("one", "two"):
            await (await opened.open(Key(name))).run(f"open('{name}', 'w').write('x')")
        again = await opened.open(Key("one"))
        assert await names_at(opened, again.handle) == ["one"]

    on(engine, work, replace(SMALL, sessions=1))
