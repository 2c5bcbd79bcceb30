"""Whoever sends what takes long to read has a turn, and then others have theirs."""

import json
import socket
import time
from pathlib import Path

from tests.e2e.serving import DEADLINE_SECONDS, serving


def test_body_of_many_chunks_keeps_nobody_waiting_and_comes_whole(tmp_path: Path) -> None:
    """256 KiB of chunks of one byte, taken apart in one go, kept all other callers waiting for seconds."""
    body = json.dumps({"code": "print(6*7)" + " " * 40_000}).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    with serving(tmp_path, "--preload", "none") as server:
        head = (
            f"POST /execute HTTP/1.1\r\nHost: localhost:{server.port}\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        with socket.create_connection((server.host, server.port), DEADLINE_SECONDS) as sender:
            started = time.monotonic()
            sender.sendall(head.encode() + chunks)
            status = server.get("/health").status
            healthy = time.monotonic() - started
            answer = b""
            while data := sender.recv(65536):
                answer += data
            whole = time.monotonic() - started
    assert [200, True] == [status, healthy < whole / 2], (healthy, whole)
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["stdout"] == "42\n"
