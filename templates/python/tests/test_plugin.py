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

    def execute(self, body: object, **headers: str) -> tuple[int, Any]:
        """Post `body` as JSON to /execute; return the status and the JSON answered."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.post(
            "/execute",
            json.dumps(body).encode(),
            {"content-type": "application/json", **named},
        )

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        """Post bytes; return the status and the JSON answered."""
        request = urllib.request.Request(self.address + path, body, headers)
        try:
            with open_url(request, timeout=90) as answer:
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

    def test_program_is_answered_with_what_it_printed(self) -> None:
        """This is what the plugin is for."""
        status, result = self.execute({"code": "print(6 * 7)"})
        self.assertEqual(200, status)
        self.assertEqual("42\n", result["stdout"])
        self.assertEqual("", result["stderr"])
        self.assertEqual(0, result["returncode"])

    def test_answer_has_the_fields_of_its_schema(self) -> None:
        """The model expects the members that the OpenAPI document describes."""
        schemas = json.loads(self.get("/openapi.json")[2])["components"]["schemas"]
        result = self.execute({"code": ""})[1]
        self.assertEqual(sorted(schemas["RunResult"]["properties"]), sorted(result))

    def test_program_that_fails_is_an_answer_too(self) -> None:
        """The model needs the traceback to fix its program; no HTTP error hides it."""
        status, result = self.execute({"code": "1 / 0"})
        self.assertEqual(
            (200, "error", 1), (status, result["outcome"], result["returncode"])
        )
        self.assertIn("ZeroDivisionError", result["stderr"])

    def test_calls_of_a_conversation_build_on_each_other(self) -> None:
        """The manifest tells the model so, and the chat host sends the header."""
        first = self.execute({"code": "n = 6"}, openai_conversation_id="ours")[1]
        self.assertEqual("new", first["session"]["state"])
        second = self.execute({"code": "n * 7"}, openai_conversation_id="ours")[1]
        self.assertEqual(("42", "kept"), (second["result"], second["session"]["state"]))
        other = self.execute({"code": "n"}, openai_conversation_id="theirs")[1]
        self.assertEqual("error", other["outcome"])

    def test_calls_without_a_session_share_nothing(self) -> None:
        """A call without a session leaves nothing behind for the next caller."""
        result = self.execute({"code": "secret = 1; open('secret', 'w').close()"})[1]
        self.assertEqual("ok", result["outcome"])
        for code in ("print(secret)", "open('secret')"):
            with self.subTest(code=code):
                self.assertEqual("error", self.execute({"code": code})[1]["outcome"])

    def test_files_go_in_and_come_out(self) -> None:
        """The code can read uploaded files, and the user can download its files."""
        status, stored = self.post(
            "/files?session=files&name=in.csv",
            b"a,b\n1,2\n",
            {"content-type": "text/csv"},
        )
        self.assertEqual((201, "in.csv"), (status, stored["files"][0]["name"]))
        code = "text = open('in.csv').read(); open('out.txt', 'w').write(text.upper())"
        result = self.execute({"code": code, "session": "files"})[1]
        self.assertEqual(["out.txt"], [file["name"] for file in result["files"]])
        url = result["files"][0]["url"]
        self.assertTrue(url.startswith(self.address), url)
        self.assertEqual(b"A,B\n1,2\n", self.get(url.removeprefix(self.address))[2])
        listing = json.loads(self.get("/files?session=files")[2])
        names = [file["name"] for file in listing["files"]]
        self.assertEqual(["in.csv", "out.txt"], sorted(names))

    def test_request_without_code_is_refused_with_a_sentence(self) -> None:
        """The model can correct a call only if it is told what was wrong."""
        for body in ({}, {"code": None}, {"code": "", "cod": ""}):
            with self.subTest(body=body):
                status, answer = self.execute(body)
                self.assertEqual(422, status)
                self.assertTrue(answer["error"])


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
