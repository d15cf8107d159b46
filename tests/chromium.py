"""A real browser without a window, asked over two pipes by the DevTools protocol; nothing but the standard library."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = "no Chromium or Chrome: apt-get install chromium"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--no-default-browser-check", "--disable-extensions", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
)  # fmt: skip
# The browser reads file descriptor 3 and writes 4; this puts ours there and becomes the browser.
LAUNCH = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)
FIRST_FREE = 10
LIMIT_S, START_S, ATTEMPTS = 120.0, 60.0, 3
PRINTED = {"Enter": "\r", " ": " "}


@cache
def found() -> str | None:
    """A browser that says its version; a name alone may be that of a stand-in which asks to install one."""
    for path in filter(None, map(shutil.which, NAMES)):
        with suppress(OSError, subprocess.TimeoutExpired):
            if not subprocess.run([path, "--version"], capture_output=True, timeout=START_S).returncode:
                return path
    return None


class BrowserError(RuntimeError):
    """The browser does not answer, or the page's own script failed."""


class Browser:
    """A running browser: commands go in, answers and events come out, both ended by a zero byte."""

    def __init__(self, folder: Path) -> None:
        theirs_in, ours_out = self._pipe()
        ours_in, theirs_out = self._pipe()
        command = [sys.executable, "-c", LAUNCH, str(theirs_in), str(theirs_out), str(found()), *FLAGS]
        self.process = subprocess.Popen(
            [*command, f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.written, self.answers = ours_out, ours_in
        self.waiting, self.count = b"", 0
        self.events: list[dict[str, Any]] = []

    @staticmethod
    def _pipe() -> tuple[int, int]:
        ends = os.pipe()
        moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE) for end in ends)
        for end in ends:
            os.close(end)
        return moved[0], moved[1]

    def read(self, until: float) -> dict[str, Any]:
        """The next message."""
        while b"\0" not in self.waiting:
            ready, _, _ = select.select([self.answers], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(self.answers, 1 << 16) if ready else b""
            if not piece:
                raise BrowserError("the browser ended" if ready else "the browser did not answer in time")
            self.waiting += piece
        message, _, self.waiting = self.waiting.partition(b"\0")
        return dict(json.loads(message))

    def ask(self, method: str, session: str = "", limit: float = LIMIT_S, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 - the protocol's
        """The answer to a command; what happens meanwhile is kept in `events`."""
        self.count += 1
        number = self.count
        message: dict[str, object] = {"id": number, "method": method, "params": settings}
        if session:
            message["sessionId"] = session
        text, until = json.dumps(message).encode() + b"\0", time.monotonic() + limit
        while text:
            text = text[os.write(self.written, text) :]
        while True:
            found = self.read(until)
            if found.get("id") != number:
                self.events.append(found)
            elif "error" in found:
                raise BrowserError(f"{method}: {found['error']['message']}")
            else:
                return dict(found["result"])

    def close(self) -> None:
        """End it, politely at first."""
        with suppress(BrowserError, OSError):
            self.ask("Browser.close", limit=10)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.written)
        os.close(self.answers)


class Page:
    """A tab: what it loaded, what it complained of, and hands to use it with."""

    def __init__(self, browser: Browser, width: int, height: int, dark: bool) -> None:
        self.browser = browser
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.resize(width, height)
        self.prefer("dark" if dark else "light")

    def ask(self, method: str, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 - the protocol's
        """A command to this tab."""
        return self.browser.ask(method, self.session, **settings)

    def resize(self, width: int, height: int) -> None:
        """Give the window a size, one of a phone where it is narrow."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.ask("Emulation.setDeviceMetricsOverride", **size)

    def prefer(self, scheme: str, media: str = "") -> None:
        """What the reader's system asks pages to look like."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.ask("Emulation.setEmulatedMedia", media=media, features=[feature])

    def visit(self, address: str) -> None:
        """Load a page to its end."""
        self.ask("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> Any:  # noqa: ANN401 - what the script gives
        """The value of an expression, awaited if it is a promise."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise BrowserError(f"{script}: {found['exceptionDetails'].get('exception', {}).get('description')}")
        return found["result"].get("value")

    def until(self, condition: str, limit: float = LIMIT_S) -> None:
        """Wait for an expression to be true."""
        end = time.monotonic() + limit
        while not self.run(f"Boolean({condition})"):
            if time.monotonic() > end:
                raise BrowserError(f"{condition} did not become true")
            time.sleep(0.05)

    def place(self, selector: str) -> tuple[float, float]:
        """The middle of an element, scrolled into view."""
        script = """(() => {
            const found = document.querySelector(SELECTOR);
            found.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
            const box = found.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        })()""".replace("SELECTOR", json.dumps(selector))
        x, y = self.run(script)
        return x, y

    def focus(self, selector: str) -> None:
        """Give an element the keyboard."""
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")

    def hover(self, selector: str) -> None:
        """Put the mouse on an element."""
        x, y = self.place(selector)
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector: str) -> None:
        """Press and release the mouse on an element."""
        x, y = self.place(selector)
        for what in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=what, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str, code: int = 0) -> None:
        """Press and release a key, named as scripts name it."""
        settings = {
            "key": key,
            "code": key,
            "windowsVirtualKeyCode": code or {"Enter": 13, "Escape": 27, "Tab": 9}[key],
        }
        text = {"text": PRINTED[key]} if key in PRINTED else {}
        self.ask("Input.dispatchKeyEvent", type="keyDown", **settings, **text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **settings)

    def type(self, text: str) -> None:
        """Write into what has the focus."""
        self.ask("Input.insertText", text=text)

    def picture(self, whole: bool = False) -> bytes:
        """What is seen, or all that could be by scrolling, as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def happened(self, method: str) -> list[dict[str, Any]]:
        """The events of one kind in this tab so far."""
        self.run("0")
        here = (each for each in self.browser.events if each.get("sessionId") == self.session)
        return [each["params"] for each in here if each["method"] == method]

    def close(self) -> None:
        """Shut the tab, and forget what happened in it."""
        self.browser.ask("Target.closeTarget", targetId=self.target)
        self.browser.events.clear()

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, of scripts and of the browser, such as a refused load."""
        logged = [each["entry"] for each in self.happened("Log.entryAdded")]
        printed = [each for each in self.happened("Runtime.consoleAPICalled") if each["type"] in ("error", "warning")]
        thrown = [each["exceptionDetails"] for each in self.happened("Runtime.exceptionThrown")]
        return [json.dumps(each) for each in (*logged, *printed, *thrown)]

    def requests(self) -> list[str]:
        """Every address the page asked for."""
        return [each["request"]["url"] for each in self.happened("Network.requestWillBeSent")]


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a profile of its own, started again where a slow machine does not start it."""
    with tempfile.TemporaryDirectory(prefix="retort-chromium-", ignore_cleanup_errors=True) as folder:
        started = None
        for attempt in range(ATTEMPTS):
            one = Browser(Path(folder) / str(attempt))
            try:
                one.ask("Browser.getVersion", limit=START_S)
            except (BrowserError, OSError):
                one.close()
                continue
            started = one
            break
        if started is None:
            raise BrowserError(f"{found()} did not start in {ATTEMPTS} attempts of {START_S:.0f} s")
        try:
            yield started
        finally:
            started.close()
