"""Jupyter's side, in the interpreter of the peers' venv: one JSON line in, one out. Ends its kernel when its input ends.

`{"do": "hello"}` -> versions; `start` -> `{"pid"}` of a kernel that then lives; `call` with `code` and `count` -> `{"seconds": [...]}` in
that kernel; `first` with `code` -> `{"seconds": [one]}` for a kernel of its own: start, ready, and that code.
"""

import json
import signal
import sys
import time
from importlib.metadata import version
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

DEADLINE_SECONDS = 60
Kernel = tuple[KernelManager, BlockingKernelClient]


def call(client: BlockingKernelClient, code: str) -> float:
    """Return the seconds from sending `code` until its reply is here and the kernel is idle."""
    started = time.perf_counter()
    sent = client.execute(code)
    while True:
        message = client.get_iopub_msg(timeout=DEADLINE_SECONDS)
        kind, content = message["msg_type"], message["content"]
        if message["parent_header"].get("msg_id") != sent:
            continue
        if kind == "error":
            raise RuntimeError(content["evalue"])
        if kind == "status" and content["execution_state"] == "idle":
            break
    client.get_shell_msg(timeout=DEADLINE_SECONDS)
    return time.perf_counter() - started


def end(kernel: Kernel) -> None:
    """End a kernel at once."""
    manager, client = kernel
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def first(code: str) -> float:
    """Return the seconds that a new kernel needs to be ready and to run `code`."""
    started = time.perf_counter()
    kernel = start_new_kernel()
    try:
        call(kernel[1], code)
        return time.perf_counter() - started
    finally:
        end(kernel)


def main() -> None:
    """Do what each line says, until there are no more."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    living: Kernel | None = None
    try:
        for line in sys.stdin:
            order: dict[str, Any] = json.loads(line)
            answer: dict[str, Any] = {}
            match order["do"]:
                case "hello":
                    answer = {name: version(name) for name in ("jupyter_client", "ipykernel")}
                case "start":
                    living = start_new_kernel()
                    answer = {"pid": living[0].provisioner.pid}
                case "call" if living:
                    answer = {"seconds": [call(living[1], order["code"]) for _ in range(order["count"])]}
                case "first":
                    answer = {"seconds": [first(order["code"])]}
            print(json.dumps(answer), flush=True)
    finally:
        if living:
            end(living)


main()
