"""`retort report`: the page of all rows in the browser, from its file or served to this machine alone."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated

import typer

from stages.settings import paths

HERE, PORT = "127.0.0.1", 8000


def report(
    port: Annotated[
        int | None,
        typer.Argument(help="With --serve: the port; 8000 by default, 0 takes a free one.", min=0, max=65535),
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Serve the page on 127.0.0.1 until Ctrl-C.")] = False,
    opened: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser, or only print the address.")] = True,
) -> None:
    """Open the page that shows every row and figure: `retort report`, or `retort report --serve 8000`.

    The page is one file, paper_figures/index.html, that loads nothing from anywhere; it may be sent as it is.
    """
    if not paths.page().exists():
        fail(f"{paths.page()} does not exist yet; `retort repro` makes it", 1)
    if serve:
        serve_page(PORT if port is None else port, opened)
    elif port is not None:
        fail("a port is of use with --serve only: `retort report --serve 8000`", 2)
    else:
        show(paths.page().resolve().as_uri(), opened)


def fail(sentence: str, status: int) -> None:
    """Say what is wrong and leave."""
    typer.echo(sentence, err=True)
    raise typer.Exit(status)


def show(address: str, opened: bool) -> None:
    """Print the address, and open it if asked."""
    import webbrowser

    typer.echo(address)
    if opened and not webbrowser.open(address):
        typer.echo("No browser could be started; open the address yourself.", err=True)


def linked() -> dict[str, Path]:
    """The files that the page links, by their addresses: kept networks and cards."""
    cards = {f"/{paths.cards().name}/{file.name}": file for file in paths.cards().glob("*.md")}
    return {f"/{file.as_posix()}": file for file in paths.exported_networks("").glob("*/*.onnx")} | cards


class OnePage(BaseHTTPRequestHandler):
    """Answers with the page as it is now and what it links, and with nothing else of this machine."""

    def do_GET(self) -> None:
        """The page, for its two addresses."""
        self.answer(body=True)

    def do_HEAD(self) -> None:
        """What `GET` would say, without the page."""
        self.answer(body=False)

    def answer(self, body: bool) -> None:
        """The page, a file that it links, or that there is none."""
        address = self.path.partition("?")[0]
        is_page = address in ("/", f"/{paths.page().name}")
        file = paths.page() if is_page else linked().get(address)
        if file is None or not file.exists():
            self.send_error(404)
            return
        content = file.read_bytes()
        kind = "text/html" if is_page else "text/plain" if file.suffix == ".md" else ""
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind else "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: requests are of no interest."""


def serve_page(port: int, opened: bool) -> None:
    """Serve until Ctrl-C."""
    try:
        server = ThreadingHTTPServer((HERE, port), OnePage)
    except OSError as error:
        fail(f"port {port} cannot be used ({error.strerror}); name another, or 0 for a free one", 2)
    with server:
        show(f"http://{HERE}:{server.server_port}/", opened)
        typer.echo("Ctrl-C ends it.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("")
