"""Whoever sends what takes long to read has a turn, and then others have theirs."""

import json
import select
import socket
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
            sender.sendall(head.encode() + chunks[: len(chunks) - 5])
            healthy = server.get("/health").status
            is_answered = bool(select.select([sender], [], [], 0)[0])
            sender.sendall(chunks[len(chunks) - 5 :])
            answer = b""
            while data := sender.recv(65536):
                answer += data
    assert [200, False] == [healthy, is_answered]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["stdout"] == "42\n"
