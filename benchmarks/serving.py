"""The app on a server of its own and a browser to look at it, for benchmarks and browser tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@dataclass(frozen=True)
class Server:
    """A running `streamlit run`: where it listens and where its output goes."""

    url: str
    log_file: Path
    process: subprocess.Popen[bytes]

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def serve(
    script: Path = ROOT / "app.py", runs: Path | None = None, ahead: Path | None = None
) -> Iterator[Server]:
    """A fresh server for `script` on a free port of this machine, ready to answer.

    runs: where it keeps what is trained; a folder that goes with the server if not given.
    ahead: a folder whose modules Python finds before all others.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"headless": "true", "port": str(port), "address": "127.0.0.1"}
    flags = [part for name, value in options.items() for part in (f"--server.{name}", value)]
    with tempfile.TemporaryDirectory() as folder:
        log_file = Path(folder) / "server.log"
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", str(script), *flags],
                cwd=ROOT,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(str(p) for p in (ahead, ROOT) if p),
                    "PYTHONUNBUFFERED": "1",
                    "EXPLORER_RUNS": str(runs or f"{folder}/runs"),
                },
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            server = Server(f"http://127.0.0.1:{port}", log_file, process)
            _await(server)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await(server: Server, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended:\n{server.log()}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{server.url}/_stcore/health"):
            return
        time.sleep(0.02)
    raise RuntimeError(f"the server did not answer within {seconds} s:\n{server.log()}")


def chromium() -> str | None:
    """The path of an installed Chromium or Chrome, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if path := shutil.which(name):
            return path
    return None


@contextlib.contextmanager
def browse() -> Iterator[Any]:
    """A Playwright browser over the installed Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """What went wrong on a page while it was watched; empty lists mean nothing did."""

    console: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def problems(self) -> list[str]:
        return [*self.console, *self.failed, *self.outside]


def watch(page: Any, server: Server) -> Watch:
    """Collect the page's console errors, failed requests and requests to other machines.

    Streamlit looks for its endpoints below a deep link first and gets a 404; that is no fault.
    """
    seen = Watch()

    def probing(url: str) -> bool:
        return "/_stcore/" in url

    def on_console(message: Any) -> None:
        if message.type == "error" and not probing(message.location.get("url", "")):
            seen.console.append(f"console: {message.text}")

    def on_response(response: Any) -> None:
        if response.status >= 400 and not probing(response.url):
            seen.failed.append(f"{response.status}: {response.url}")

    def on_request(request: Any) -> None:
        if not request.url.startswith((server.url, "data:", "blob:")):
            seen.outside.append(f"outside: {request.url}")

    page.on("console", on_console)
    page.on("response", on_response)
    page.on("request", on_request)
    page.on("pageerror", lambda error: seen.console.append(f"uncaught: {error}"))
    return seen
