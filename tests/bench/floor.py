"""The floor: a POST on the same server that reads its body and answers a constant."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.bench.listen import serve


async def execute(request: Request) -> JSONResponse:
    """Answer what `print(6*7)` would be answered with."""
    await request.json()
    return JSONResponse({"stdout": "42\n", "stderr": "", "returncode": 0})


serve(Starlette(routes=[Route("/execute", execute, methods=["POST"])]))
