"""Imports what takes seconds once, then forks: each fork becomes the stage that an interpreter hands over.

No code of a project is imported before the fork, so every stage is that of the folder in which it was called.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from dataclasses import dataclass
from typing import Any

LOADED = ("torch", "torch._dynamo", "torch.onnx._internal.exporter._compat")
"""torch imports the second when an optimiser is made, the third when a network is exported. None starts a thread."""


@dataclass
class Request:
    """A stage to become."""

    words: list[str]
    folder: str
    path: list[str]
    environment: dict[str, str]
    streams: list[int]


def received(client: socket.socket) -> Request:
    """What an interpreter hands over."""
    head, streams, _, _ = socket.recv_fds(client, 8, 3)
    with client.makefile("rb") as file:
        content = json.loads(file.read(int.from_bytes(head, "big")))
    return Request(**content, streams=streams)


def serve(listener: socket.socket) -> Request:
    """Fork for whoever asks. Returns in the forks alone; the server ends with its standard input."""
    watched = selectors.DefaultSelector()
    watched.register(listener, selectors.EVENT_READ)
    watched.register(sys.stdin, selectors.EVENT_READ)
    running: dict[int, socket.socket] = {}
    while True:
        for key, _ in watched.select():
            if key.fileobj is sys.stdin:
                for fork in running:
                    os.kill(fork, signal.SIGKILL)
                listener.close()
                sys.exit()
            if key.fileobj is listener:
                client, _ = listener.accept()
                request = received(client)
                if not (pid := os.fork()):
                    for each in (listener, client, *running.values()):
                        each.close()
                    watched.close()
                    return request
                for stream in request.streams:
                    os.close(stream)
                running[pid] = client
                watched.register(client, selectors.EVENT_READ, pid)
                watched.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
            elif isinstance(key.fileobj, int):
                _, status = os.waitpid(key.data, 0)
                watched.unregister(key.fileobj)
                os.close(key.fileobj)
                client = running.pop(key.data)
                if client in watched.get_map():
                    watched.unregister(client)
                    client.send(bytes([os.waitstatus_to_exitcode(status) & 0xFF]))
                client.close()
            else:
                # Its interpreter was killed.
                watched.unregister(key.fileobj)
                os.kill(key.data, signal.SIGKILL)


def become(request: Request) -> None:
    """Take over the streams, the folder and the environment."""
    for stream, own in zip(request.streams, (sys.stdin, sys.stdout, sys.stderr), strict=True):
        os.dup2(stream, own.fileno())
        os.close(stream)
    if "PYTHONUNBUFFERED" in request.environment:
        stdout: Any = sys.stdout
        stdout.reconfigure(write_through=True)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    sys.path[:] = request.path
    importlib.invalidate_caches()


def main(place: str) -> None:
    """Serve, and in a fork run the stage as `python -m` does."""
    for name in LOADED:
        importlib.import_module(name)
    threads = os.listdir("/proc/self/task")
    assert len(threads) == 1, "a fork has one thread, and would wait for ever for what the others held"
    gc.collect()
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen(64)
    print("ready", flush=True)
    request = serve(listener)
    become(request)
    sys.argv[:] = request.words
    runpy.run_module(request.words[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
