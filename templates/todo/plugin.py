"""The API of this plugin: a to-do list for each username, as openapi.yaml describes it.

The lists are kept in memory and lost when the server stops. There is no authentication:
everyone who can reach the server can read and change every list. Run it on your own
machine only, or add authentication first.
"""

import json
import re
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

# openapi.yaml has the first three too, and allows exactly what this file allows. The
# longest list stays well below the 100,000 characters at which a chat host cuts it.
USERNAME_CHARACTERS = 64
TODO_CHARACTERS = 200
TODOS_PER_USER = 100
USERS = 1000
BODY_BYTES = 10_000

# No leading space, no control character, and no half of a surrogate pair, which JSON
# cannot represent.
TODO = re.compile(
    r"[^\u0000-\u0020\u007F-\u009F\uD800-\uDFFF][^\u0000-\u001F\u007F-\u009F\uD800-\uDFFF]*"
)

lists: dict[str, list[str]] = {}


@dataclass
class Refused(Exception):
    """A refused request: what is wrong and what to do, for a model to read."""

    status: int
    error: str
    hint: str


async def get_todos(request: Request) -> JSONResponse:
    """Answer with the list; an unknown user has an empty list."""
    return todo_list(username_of(request))


async def add_todo(request: Request) -> JSONResponse:
    """Add the todo in the body to the end of the list."""
    username = username_of(request)
    todo = await todo_of(request)
    if username not in lists and len(lists) >= USERS:
        raise Refused(
            409,
            f"There are {USERS} lists already.",
            "Use a list that exists, or empty one.",
        )
    if len(lists.get(username, [])) >= TODOS_PER_USER:
        raise Refused(
            409,
            f"The list is full: it holds {TODOS_PER_USER} todos.",
            "Remove a todo first.",
        )
    lists.setdefault(username, []).append(todo)
    return todo_list(username)


async def delete_todo(request: Request) -> JSONResponse:
    """Remove the todo with the number `todo_idx`; an empty list is removed too."""
    username = username_of(request)
    index = index_of(request)
    todos = lists.get(username, [])
    if index >= len(todos):
        raise Refused(
            404,
            f"There is no todo {index}: the list holds {len(todos)}.",
            "Look at the list first; its todos are numbered from 0.",
        )
    del todos[index]
    if not todos:
        del lists[username]
    return todo_list(username)


def todo_list(username: str) -> JSONResponse:
    """Answer with the current list of `username`."""
    return JSONResponse({"todos": lists.get(username, [])})


def username_of(request: Request) -> str:
    """Return the username in the path."""
    username = str(request.path_params["username"])
    if len(username) > USERNAME_CHARACTERS:
        raise Refused(
            422,
            f"The username has {len(username)} characters.",
            f"Use one of at most {USERNAME_CHARACTERS} characters.",
        )
    return username


def index_of(request: Request) -> int:
    """Return the number in the query parameter `todo_idx`."""
    given = request.query_params.getlist("todo_idx")
    hint = "Give todo_idx once, as a whole number counted from 0, as in ?todo_idx=0."
    if len(given) != 1:
        raise Refused(
            422, f"The query parameter todo_idx is given {len(given)} times.", hint
        )
    # int() accepts more: signs, spaces, underscores, digits of other scripts.
    if not re.fullmatch("0|[1-9][0-9]*", given[0]) or len(given[0]) > 9:
        raise Refused(422, "todo_idx is not the number of a todo.", hint)
    if (index := int(given[0])) >= TODOS_PER_USER:
        raise Refused(
            422,
            f"There is no todo {index}: a list holds {TODOS_PER_USER} at most.",
            hint,
        )
    return index


async def todo_of(request: Request) -> str:
    """Return the `todo` in a JSON body of the form {"todo": "..."}."""
    hint = 'Send {"todo": "..."} with one line of text, as application/json.'
    media_type = request.headers.get("content-type", "").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        raise Refused(415, "The content type is not application/json.", hint)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES:
            raise Refused(413, f"The body is longer than {BODY_BYTES} bytes.", hint)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "The body is not JSON.", hint) from None
    match data:
        case {"todo": str(todo), **others} if not others:
            pass
        case _:
            raise Refused(422, "The body is not an object with one string, todo.", hint)
    if not 1 <= len(todo) <= TODO_CHARACTERS:
        raise Refused(
            422,
            f"The todo has {len(todo)} characters.",
            f"Use 1 to {TODO_CHARACTERS} characters.",
        )
    if not TODO.fullmatch(todo):
        raise Refused(
            422,
            "The todo begins with a space, or holds a line break or another control "
            "character.",
            hint,
        )
    return todo


async def refuse(_: Request, refused: Exception) -> JSONResponse:
    """Answer with the status and the sentences of a Refused."""
    assert isinstance(refused, Refused)
    return JSONResponse({"error": refused.error, "hint": refused.hint}, refused.status)


async def refuse_route(_: Request, refused: Exception) -> JSONResponse:
    """Answer an unknown path or method in the same form as other errors."""
    assert isinstance(refused, HTTPException)
    return JSONResponse(
        {
            "error": f"{refused.detail}.",
            "hint": "openapi.yaml lists the paths and their methods.",
        },
        refused.status_code,
        refused.headers,
    )


app = Starlette(
    routes=[
        Route("/todos/{username}", get_todos, methods=["GET"]),
        Route("/todos/{username}", add_todo, methods=["POST"]),
        Route("/todos/{username}", delete_todo, methods=["DELETE"]),
    ],
    exception_handlers={Refused: refuse, HTTPException: refuse_route},
)
# "/todos/ann/" is not a path of the API, and openapi.yaml describes no redirect.
app.router.redirect_slashes = False
