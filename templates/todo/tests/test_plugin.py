"""Serve the plugin as a chat host would find it, and call it.

Run it in the plugin's folder with the Python that has plugcli: `python -m unittest`
"""

import json
import os
import re
import subprocess
import sys
import threading
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from queue import Queue
from typing import IO, Any, ClassVar

PLUGIN = Path(__file__).parent.parent
SERVE = [sys.executable, "-m", "plugcli", "serve", ".", "--port", "0"]
START_SECONDS = 60

# Ignore the environment's proxy, which cannot reach this machine's own addresses.
open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class PluginTest(unittest.TestCase):
    """The plugin answers as its manifest and its OpenAPI document say."""

    address: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        server = subprocess.Popen(
            SERVE,
            cwd=PLUGIN,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        cls.addClassCleanup(stop, server)
        cls.address = wait_for_address(server)

    def get(self, path: str) -> tuple[int, str, bytes]:
        """Fetch `path`; return status, content type and body."""
        with open_url(self.address + path, timeout=30) as answer:
            return answer.status, answer.headers["content-type"], answer.read()

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send a request, `body` as JSON; return the status and the JSON answered."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address + path,
            data,
            {"content-type": "application/json"},
            method=method,
        )
        try:
            with open_url(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)

    def test_manifest_leads_to_everything_else(self) -> None:
        """A chat host knows only the manifest; everything that it names must exist."""
        manifest = json.loads(self.get("/.well-known/ai-plugin.json")[2])
        named = [
            manifest["api"]["url"],
            manifest["logo_url"],
            manifest["legal_info_url"],
        ]
        for url in named:
            with self.subTest(url=url), open_url(url, timeout=30) as answer:
                self.assertEqual(200, answer.status)
                self.assertTrue(answer.read())

    def test_logo_is_a_picture_and_legal_is_a_page(self) -> None:
        """A host shows both to people, and relies on the content type."""
        self.assertEqual("image/png", self.get("/logo.png")[1])
        self.assertIn("text/html", self.get("/legal")[1])

    def test_todo_is_added_listed_and_removed(self) -> None:
        """This is what the plugin is for; each answer contains the whole list."""
        self.assertEqual((200, {"todos": []}), self.call("GET", "/todos/alice"))
        self.assertEqual(
            (200, {"todos": ["milk"]}),
            self.call("POST", "/todos/alice", {"todo": "milk"}),
        )
        self.assertEqual(
            (200, {"todos": ["milk", "brød"]}),
            self.call("POST", "/todos/alice", {"todo": "brød"}),
        )
        self.assertEqual(
            (200, {"todos": ["brød"]}), self.call("DELETE", "/todos/alice?todo_idx=0")
        )
        self.assertEqual((200, {"todos": ["brød"]}), self.call("GET", "/todos/alice"))

    def test_users_have_lists_of_their_own(self) -> None:
        """Users do not see the todos of other users."""
        self.call("POST", "/todos/bob", {"todo": "call carol"})
        self.assertEqual((200, {"todos": []}), self.call("GET", "/todos/carol"))

    def test_removing_what_is_not_there_is_refused_with_a_sentence(self) -> None:
        """The model must be told about a wrong number; the list must not change."""
        self.call("POST", "/todos/dave", {"todo": "keep me"})
        for path, expected in (
            ("/todos/nobody?todo_idx=0", 404),
            ("/todos/dave?todo_idx=1", 404),
            ("/todos/dave?todo_idx=-1", 422),
            ("/todos/dave?todo_idx=first", 422),
            ("/todos/dave", 422),
        ):
            with self.subTest(path=path):
                status, answer = self.call("DELETE", path)
                self.assertEqual(expected, status)
                self.assertTrue(answer["error"])
        self.assertEqual((200, {"todos": ["keep me"]}), self.call("GET", "/todos/dave"))

    def test_body_that_is_no_todo_is_refused_with_a_sentence(self) -> None:
        """Models send wrong types and empty texts, which must not reach a list."""
        texts = ["", " ", "x" * 201, "two\nlines", 7, None]
        bodies: list[object] = [{}, [], {"todo": "milk", "list": "bob"}]
        for body in [*bodies, *({"todo": text} for text in texts)]:
            with self.subTest(body=body):
                status, answer = self.call("POST", "/todos/erin", body)
                self.assertEqual(422, status)
                self.assertTrue(answer["error"])
        self.assertEqual((200, {"todos": []}), self.call("GET", "/todos/erin"))


def pass_on(output: IO[str], lines: "Queue[str]") -> None:
    """Read the output to the end, because a full pipe would stop the server."""
    with output:
        for line in output:
            lines.put(line)
    lines.put("")


def wait_for_address(server: "subprocess.Popen[str]") -> str:
    """Return the address that the server prints, or fail with its output."""
    assert server.stdout
    lines: Queue[str] = Queue()
    threading.Thread(target=pass_on, args=(server.stdout, lines), daemon=True).start()
    said = ""
    while line := lines.get(timeout=START_SECONDS):
        said += line
        if found := re.search(r"http://(localhost|127\.0\.0\.1):\d+", line):
            return found[0]
    raise AssertionError(f"{' '.join(SERVE)} did not start:\n{said}")


def stop(server: "subprocess.Popen[str]") -> None:
    """Stop the server as a service manager would, by force if it does not stop."""
    server.terminate()
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    unittest.main()
