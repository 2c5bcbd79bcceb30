"""The baseline: what the original plugin did, in our own words. One bare `python FILE` a call: no isolation, no limits, no state."""

import subprocess
import sys
import tempfile
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.bench.listen import serve


async def execute(request: Request) -> JSONResponse:
    """Run the code in the body and answer with what it printed."""
    code = (await request.json())["code"]
    done = await run_in_threadpool(run, code)
    return JSONResponse({"stdout": done.stdout, "stderr": done.stderr, "returncode": done.returncode})


def run(code: str) -> "subprocess.CompletedProcess[str]":
    """Run `code` from a file of its own; the original never removed it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "code.py")
        path.write_text(code)
        return subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)


serve(Starlette(routes=[Route("/execute", execute, methods=["POST"])]))
