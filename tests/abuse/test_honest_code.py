"""Promise 8: honest code runs as on its author's machine."""

import pytest

from tests.abuse.box import Box


@pytest.mark.row("C27")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_works(box: Box, method: str) -> None:
    """Pools, queues, shared memory and locks are how Python uses two CPUs."""
    code = f"""
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import shared_memory
def square(x): return x * x
if __name__ == '__main__':
    mp.set_start_method({method!r})
    with mp.Pool(2) as pool: print(pool.map(square, range(5)))
    with ProcessPoolExecutor(2) as pool: print(sum(pool.map(square, range(10))))
    block = shared_memory.SharedMemory(create=True, size=100)
    block.buf[0] = 7
    print(block.buf[0], mp.Value('i', 3).value)
    block.close()
    block.unlink()
"""
    result = box.inside(code, with_facts=False)
    assert (result["stdout"], result["stderr"], result["outcome"]) == (
        "[0, 1, 4, 9, 16]\n285\n7 3\n",
        "",
        "ok",
    )


@pytest.mark.row("C27")
def test_standard_library_works(box: Box) -> None:
    """What programs use every day: children, threads, databases, event loops, temporary files, archives, clocks."""
    code = """
import asyncio, getpass, os, pathlib, platform, pwd, shutil, socket, sqlite3, ssl, subprocess, sys
import tempfile, threading, time, zipfile, zoneinfo
print(subprocess.run([sys.executable, '-c', 'print(6*7)'], capture_output=True, text=True).stdout, end='')
print(subprocess.run('echo shell | tr a-z A-Z', shell=True, capture_output=True, text=True).stdout, end='')
threads = [threading.Thread(target=time.sleep, args=(0.01,)) for _ in range(20)]
for t in threads: t.start()
for t in threads: t.join()
db = sqlite3.connect('data.db')
db.execute('create table t (x)'); db.execute('insert into t values (5)'); db.commit()
print(db.execute('select x from t').fetchone())
async def main():
    server = await asyncio.start_server(lambda r, w: (w.write(b'hi'), w.close()), 'localhost', 0)
    reader, writer = await asyncio.open_connection('localhost', server.sockets[0].getsockname()[1])
    print(await reader.read())
    process = await asyncio.create_subprocess_exec('echo', 'async', stdout=subprocess.PIPE)
    print((await process.communicate())[0])
asyncio.run(main())
with tempfile.TemporaryDirectory() as d, zipfile.ZipFile(d + '/x.zip', 'w') as z: z.writestr('a', 'b')
print(getpass.getuser(), pwd.getpwuid(os.getuid()).pw_name, pathlib.Path.home(), os.getcwd(), socket.gethostname())
print(zoneinfo.ZoneInfo('Europe/Berlin').key, shutil.which('python3') is not None, ssl.create_default_context() is not None)
print(open('/proc/self/comm').read() != '', os.path.exists('/proc/meminfo'), os.cpu_count() > 0)
"""
    result = box.inside(code)
    assert result["stderr"] == ""
    assert result["stdout"] == (
        "42\nSHELL\n(5,)\nb'hi'\nb'async\\n'\nsandbox sandbox /home/sandbox /mnt/data sandbox\n"
        "Europe/Berlin True True\nTrue True True\n"
    )


@pytest.mark.row("B15")
@pytest.mark.parametrize("library", ["numpy", "pandas", "matplotlib"])
def test_data_libraries_work(box: Box, library: str) -> None:
    """The reason people want a Python interpreter in a chat."""
    if box.inside(f"import {library}", with_facts=False)["returncode"]:
        pytest.skip(
            f"{library} is not installed for {box.who}: install the `data` extra with a Python that everybody may read"
        )
    code = {
        "numpy": "import numpy as np\na = np.random.rand(300, 300)\nprint(np.allclose(a @ np.linalg.inv(a), np.eye(300)))",
        "pandas": """
import csv, random
random.seed(1)
with open('sales.csv', 'w', newline='') as f:
    w = csv.writer(f)
    w.writerow(['region', 'amount'])
    for i in range(10_000): w.writerow([['north', 'south', 'east'][i % 3], i])
import pandas as pd
print(pd.read_csv('sales.csv').groupby('region').amount.sum().to_dict() == {'east': 16665000, 'north': 16668333, 'south': 16661667})
""",
        "matplotlib": """
import matplotlib.pyplot as plt
plt.plot([1, 2, 3]); plt.title('x'); plt.savefig('plot.png')
print(open('plot.png', 'rb').read(8) == bytes([137, 80, 78, 71, 13, 10, 26, 10]))
""",
    }[library]
    result = box.inside(
        code, with_facts=False, memory_bytes=1 << 30, wall_seconds=60.0, wall_seconds_max=60.0
    )
    assert (result["stdout"], result["outcome"]) == ("True\n", "ok"), result["stderr"]
    assert result["stderr"] == ""


@pytest.mark.row("B15")
def test_memory_that_is_only_reserved_is_free(box: Box) -> None:
    """Libraries reserve far more than they use, and every thread has a stack: a limit on addresses would fail plain programs."""
    code = """
import mmap, threading
ready = threading.Barrier(51)
threads = [threading.Thread(target=ready.wait) for _ in range(50)]
for thread in threads: thread.start()
reserved = mmap.mmap(-1, 4 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
ready.wait()
used = bytearray(b'x') * (100 << 20)
print(len(reserved) >> 30, len(used) >> 20)
"""
    result = box.inside(code, with_facts=False)
    assert (result["stdout"], result["outcome"]) == ("4 100\n", "ok"), result["stderr"]
