"""Hands a stage over to a process that has torch in memory. Python imports this file by its name at every start.

It is found where `tests.warm.stages` has put its folder on the path. Only `python -m stages.<name>` is handed over; the
interpreter that was to run it waits, passes the exit status on, and takes the stage with it when it is killed.
"""

from __future__ import annotations

import os
import sys

SOCKET = "RETORT_TESTS_WARM"
"""Where the process with torch listens."""


def hand_over(words: list[str]) -> int:
    """Let another process run a module with our arguments, environment, folder and streams; its exit status."""
    import json
    import socket

    asked = {"words": words, "folder": os.getcwd(), "path": [os.getcwd(), *sys.path], "environment": dict(os.environ)}
    content = json.dumps(asked).encode()
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(os.environ[SOCKET])
        socket.send_fds(server, [len(content).to_bytes(8, "big")], [0, 1, 2])
        server.sendall(content)
        status = server.recv(1)
    return status[0] if status else 1


if SOCKET in os.environ and sys.orig_argv[1:2] == ["-m"] and sys.orig_argv[2].startswith("stages."):
    os._exit(hand_over(sys.orig_argv[2:]))
