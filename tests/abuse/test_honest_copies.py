"""Promise 8, where calls are denied that honest code makes first: the standard library, cp, tar and pip fall back by themselves."""

import pytest

from tests.abuse.box import Box

MIB = 1 << 20

COPIES = {
    "shutil": """
import filecmp, os, shutil
open('a', 'wb').write(os.urandom(3 << 20))
os.makedirs('tree/below')
shutil.copyfile('a', 'tree/b')
shutil.copy2('a', 'tree/below/c')
shutil.copytree('tree', 'other')
with open('a', 'rb') as source, open('d', 'wb') as target: shutil.copyfileobj(source, target)
shutil.move('d', 'tree/d')
shutil.make_archive('all', 'gztar', 'tree')
shutil.unpack_archive('all.tar.gz', 'again')
print([filecmp.cmp('a', path, shallow=False) for path in ('tree/b', 'other/below/c', 'again/d')])
""",
    "commands": """
import subprocess
open('a', 'wb').write(bytes(range(256)) * 10000)
line = '''set -e
mkdir -p tree/below; cp a tree/b; cp --archive a tree/below/c; cp --recursive --preserve=all tree other
tar -cf all.tar tree; mkdir again; tar -xf all.tar -C again; cat a | tee d | dd of=e status=none
cmp a other/b; cmp a again/tree/below/c; cmp a d; cmp a e; echo same'''
print(subprocess.run(line, shell=True, capture_output=True, text=True))
""",
    "sockets": """
import socket, threading
open('a', 'wb').write(bytes(range(256)) * 10000)
server = socket.create_server(('127.0.0.1', 0))
def send():
    with server.accept()[0] as connection, open('a', 'rb') as file: print(connection.sendfile(file))
thread = threading.Thread(target=send)
thread.start()
client = socket.create_connection(server.getsockname())
client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
with client.makefile('rb') as stream: print(stream.read() == open('a', 'rb').read())
thread.join()
""",
    "asyncio": """
import asyncio
open('a', 'wb').write(bytes(range(256)) * 10000)
async def answer(reader, writer):
    with open('a', 'rb') as file: print(await asyncio.get_running_loop().sendfile(writer.transport, file))
    writer.close()
async def main():
    server = await asyncio.start_server(answer, '127.0.0.1', 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    print(await reader.read() == open('a', 'rb').read())
    process = await asyncio.create_subprocess_exec('cat', stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    print(len((await process.communicate(bytes(1 << 20)))[0]))
    writer.close()
asyncio.run(main())
""",
    "databases": """
import multiprocessing as mp, sqlite3
def write(number):
    with sqlite3.connect('data.db', timeout=30) as db: db.execute('insert into t values (?)', (number,))
if __name__ == '__main__':
    with sqlite3.connect('data.db') as db:
        print(db.execute('pragma journal_mode=wal').fetchone(), db.execute('pragma mmap_size=1048576').fetchone())
        db.execute('create table t (x)')
    with mp.get_context('fork').Pool(4) as pool: pool.map(write, range(40))
    print(sqlite3.connect('data.db').execute('select count(*), sum(x) from t').fetchone())
""",
    "processes": """
import ctypes, mmap, multiprocessing as mp, os, queue
from multiprocessing import shared_memory
def work(numbers, results, table):
    while (number := numbers.get()) is not None:
        table[number] = number * number
        results.put(number)
if __name__ == '__main__':
    context = mp.get_context('fork')
    with context.Manager() as manager:
        table, numbers, results = manager.dict(), context.Queue(), context.Queue()
        workers = [context.Process(target=work, args=(numbers, results, table)) for i in range(4)]
        for worker in workers: worker.start()
        for number in [*range(100), *[None] * 4]: numbers.put(number)
        print(sum(results.get() for i in range(100)), end=' ')
        for worker in workers: worker.join()
        print(sum(table.values()))
    block = shared_memory.SharedMemory(create=True, size=20 << 20)
    anonymous = mmap.mmap(-1, 20 << 20)
    if os.fork() == 0:
        block.buf[-1] = anonymous[-1] = 7
        os._exit(0)
    os.wait()
    print(block.buf[-1], anonymous[-1])
    block.close()
    block.unlink()
    array = context.Array(ctypes.c_double, 1000)
    print(len(array), context.Value('i', 3).value)
""",
}
SAID = {
    "shutil": "[True, True, True]\n",
    "sockets": "2560000\nTrue\n",
    "asyncio": "2560000\nTrue\n1048576\n",
    "databases": "('wal',) (1048576,)\n(40, 780)\n",
    "processes": "4950 328350\n7 7\n1000 3\n",
}


@pytest.mark.row("C27")
@pytest.mark.parametrize("what", COPIES)
def test_copies_are_made_without_the_calls_that_are_denied(box: Box, what: str) -> None:
    """sendfile, splice, file attributes and asynchronous I/O are not there: whoever uses them has another way, and takes it."""
    result = box.inside(COPIES[what], with_facts=False)
    if what == "commands":
        assert "returncode=0, stdout='same\\n', stderr=''" in result["stdout"], result
    else:
        assert result["stdout"] == SAID[what], result
    assert (result["stderr"], result["outcome"]) == ("", "ok")


@pytest.mark.row("C27")
def test_packages_can_be_installed_from_a_file(box: Box) -> None:
    """A venv and pip copy files with their modes and times, and move them across folders."""
    code = """
import pathlib, subprocess, sys, venv, zipfile
venv.create('venv', symlinks=True)
with zipfile.ZipFile('small-1.0-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('small.py', 'number = 42')
    wheel.writestr('small-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: small\\nVersion: 1.0\\n')
    wheel.writestr('small-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('small-1.0.dist-info/RECORD', '')
pip = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '-q', 'install', '--no-index', '--target', 'packages']
done = subprocess.run([*pip, 'small-1.0-py3-none-any.whl'], capture_output=True, text=True)
print(done.stdout, done.stderr, end='')
ask = 'import small; print(small.number)'
print(subprocess.run(['venv/bin/python', '-c', ask], env={'PYTHONPATH': 'packages'}, capture_output=True, text=True))
"""
    if box.inside("import pip", with_facts=False)["returncode"]:
        pytest.skip("pip is not installed where this interpreter finds it: install python3-pip or use a venv")
    result = box.inside(code, with_facts=False)
    assert "stdout='42\\n', stderr=''" in result["stdout"], result


@pytest.mark.row("C27")
@pytest.mark.parametrize("limit", [128 * MIB, 256 * MIB])
def test_many_processes_that_wait_are_within_the_limit(box: Box, limit: int) -> None:
    """Processes that share their pages, and make none, use next to nothing: a pool of workers is no attack."""
    code = """
import multiprocessing as mp, os, time
if __name__ == '__main__':
    with mp.get_context('fork').Pool(8) as pool: print(sum(pool.map(abs, range(1000))))
    reader, writer = os.pipe()
    children = [os.fork() for i in range(1)]
    for i in range(15):
        if children[-1] == 0: break
        children.append(os.fork())
    if children[-1] == 0:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    time.sleep(1)
    os.close(writer)
    for child in children: os.waitpid(child, 0)
    print('waited')
"""
    for _ in range(3):
        result = box.inside(code, with_facts=False, memory_bytes=limit)
        assert (result["stdout"], result["outcome"]) == ("499500\nwaited\n", "ok")


@pytest.mark.row("C27")
def test_shared_block_counts_once_however_many_map_it(box: Box) -> None:
    """Workers share an array so that it is there once: 12 times 24 MiB is within 128 MiB."""
    code = """
import multiprocessing as mp, time
from multiprocessing import shared_memory
def work(name):
    block = shared_memory.SharedMemory(name)
    total = sum(block.buf[::4096])
    block.close()
    return total
if __name__ == '__main__':
    block = shared_memory.SharedMemory(create=True, size=24 << 20)
    block.buf[::4096] = bytes([1]) * (24 << 8)
    with mp.get_context('fork').Pool(6) as pool: print(pool.map(work, [block.name] * 12, chunksize=1))
    block.unlink()
"""
    result = box.inside(code, with_facts=False, memory_bytes=128 * MIB)
    assert (result["stdout"], result["outcome"]) == (f"{[24 << 8] * 12}\n", "ok")


@pytest.mark.row("C27")
@pytest.mark.parametrize("thread", ["first", "second"])
def test_no_child_stays_stopped_after_it_was_measured(box: Box, thread: str) -> None:
    """Where the memory is measured, a jail near its limit stands still now and then: children born meanwhile go on."""
    code = """
import os, threading
data = bytearray(40 << 20)
def work():
    for round in range(60):
        children = []
        for i in range(12):
            children.append(os.fork())
            if children[-1] == 0:
                for at in range(0, 4 << 20, 4096): data[at] = 1
                os._exit(0)
        for child in children: os.waitpid(child, 0)
    print('over')
"""
    code += {"first": "work()", "second": "threading.Thread(target=work).start()"}[thread]
    for _ in range(3):
        result = box.inside(code, with_facts=False, memory_bytes=128 * MIB)
        assert (result["stdout"], result["outcome"]) == ("over\n", "ok")
