"""Copies of the app share one folder of runs: directly, and behind the nginx of the docs."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from benchmarks import serving
from benchmarks.client import open_student
from benchmarks.queue import trains
from benchmarks.serving import ROOT, Server
from explorer.training.store import Store
from explorer.training.threads import available_cores
from tests.loops import in_a_thread

LONG, QUICK = "/train?steps=50000&batch=256&shelf=", "/train?steps=500&batch=64&shelf="
WORKERS = max(1, available_cores() - 1)
NGINX = ROOT / "docs" / "deploy" / "nginx.conf"


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    runs = tmp_path_factory.mktemp("replicas") / "runs"
    with ExitStack() as stack:
        one, two = (stack.enter_context(serving.serve(runs=runs)) for _ in range(2))
        yield one, two


async def moved(one: str, two: str) -> None:
    """A training is stopped on one copy, waits there to go on, and goes on on the other."""
    mine = "replica2"
    async with open_student(one, LONG + mine) as first, open_student(two, "/") as second:
        await first.press("Train")
        await first.until(trains)
        await first.press("Stop")
        await first.until_text("Stopped.")
        async with AsyncExitStack() as room:
            for number in range(WORKERS):
                link = f"{LONG}other{number}"
                holder = await room.enter_async_context(open_student(one, link))
                await holder.press("Train")
                await holder.until(trains)
            await first.press("Continue")
            await first.until_text("Waiting")
            await second.turn_to(f"/my_runs?shelf={mine}")
            await second.until_text("A training of this browser was last saved")
            assert not second.screen.text("Interrupted")
            await first.press("Stop")  # it leaves the queue, and whoever wants it may have it
            await second.until_text("Interrupted at step")
            await second.press("Go on")
            await second.until(trains)
        await first.press("Continue")  # what it has in memory goes on as a training of its own
        await first.until(trains)
        for student in (first, second):
            assert student.screen.problems == []


def test_a_training_has_one_place_among_two_servers(replicas):
    one, two = replicas
    in_a_thread(moved(one.url, two.url))
    for server in replicas:
        assert "Traceback" not in server.log()


def test_servers_that_write_at_once_leave_whole_runs_and_nothing_else(tmp_path):
    root = tmp_path / "runs"
    root.mkdir()
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "store_crowd.py"), str(root), "3"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stdout, done.returncode) == ("", 0), done.stderr
    store = Store(root)
    runs = store.list_runs()
    assert len(runs) > 3
    for run in runs:
        store.load(run.id)
    assert {path.name for path in root.iterdir()} == {run.id for run in runs} | {"in-progress"}


@pytest.fixture
def proxy(replicas: tuple[Server, Server], tmp_path: Path) -> Iterator[str]:
    """The documented nginx before both, which also says who has answered."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = NGINX.read_text()
    for name, server in zip(("app1:8501", "app2:8501"), replicas, strict=True):
        assert f"server {name}" in text
        text = text.replace(name, server.url.removeprefix("http://"))
    assert "listen 80;" in text
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};")
    text = text.replace("add_header Set", "add_header X-Replica $upstream_addr; add_header Set")
    folders = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = text.replace("http {", f"http {{\naccess_log off;\n{folders}", 1)
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\n{text}")
    command = [program, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    command += ["-e", str(tmp_path / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    running = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield url
    finally:
        running.terminate()
        running.wait(20)


def answered(url: str, cookie: str = "") -> tuple[str, str]:
    """Which copy answers a browser with this cookie, and what cookie it sets."""
    with urlopen(Request(url, headers={"Cookie": cookie} if cookie else {})) as answer:
        return answer.headers["X-Replica"], answer.headers["Set-Cookie"] or ""


async def trained(url: str, cookie: str) -> None:
    async with open_student(url, f"{QUICK}proxied1", cookie=cookie) as student:
        await student.press("Train")
        await student.until_text("Trained in")


async def found(url: str, cookie: str) -> None:
    async with open_student(url, "/my_runs?shelf=proxied1", cookie=cookie) as student:
        await student.until(lambda screen: screen.button("Delete") or screen.text("500 steps"))


def test_behind_nginx_a_browser_keeps_its_server_and_outlives_it(replicas, proxy):
    first, cookie = answered(proxy)
    seat = cookie.split(";")[0]
    assert re.fullmatch(r"explorer_seat=[0-9a-f]{32}", seat)
    assert {answered(proxy, seat) for _ in range(4)} == {(first, "")}
    assert len({answered(proxy, f"explorer_seat={k}")[0] for k in range(32)}) == 2
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"{proxy}/metrics")
    in_a_thread(trained(proxy, seat))
    here = next(server for server in replicas if server.url.endswith(first))
    here.process.kill()
    here.process.wait()
    other, _ = answered(proxy, seat)
    assert first not in other.split(", ")[-1]
    in_a_thread(found(proxy, seat))


def test_the_files_of_the_deployment_name_what_there_is():
    compose = (ROOT / "docs" / "deploy" / "compose.yaml").read_text()
    services = set(re.findall(r"^  (\w+):", compose.split("services:")[1], re.MULTILINE))
    servers = re.findall(r"server (\w+):8501", NGINX.read_text())
    assert len(servers) == 2
    assert set(servers) <= services
    dockerfile = (ROOT / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--)(.+) \S+$", dockerfile, re.MULTILINE):
        for name in line.split():
            assert (ROOT / name).exists(), name
    known = (ROOT / "docs" / "operations.md").read_text()
    for name in re.findall(r"\bEXPLORER_[A-Z_]+", compose + dockerfile):
        assert f"`{name}`" in known
