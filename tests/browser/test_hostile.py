"""What strangers send to a running server: requests, and texts that would be more than text."""

from __future__ import annotations

import http.client
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks.serving import Server
from explorer.training.film import filmed
from explorer.training.kept import run_of
from explorer.training.presets import DEFAULT
from explorer.training.runs import pack
from explorer.training.train import train
from explorer.ui.headers import HEADERS
from tests.browser.conftest import settle

pytestmark = pytest.mark.browser  # they share its one server

EVIL = "<img src=x onerror=top.hit=1>**b** [l](javascript:top.hit=1) :red[r] $x$"
BOLD = "<b id=evil>b</b><script>top.hit=1</script>"
STORY = f"""---
title: <img src=x onerror=top.hit=1>
subject: {BOLD}
minutes: 5
author: {BOLD}
---

## {BOLD}
{BOLD} <img src=x onerror=top.hit=1> [a link](javascript:top.hit=1)
link: /glossary
question: {BOLD}?
- [x] {BOLD}
- [ ] no
reveal: {BOLD}
"""


def asked(
    server: Server, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """A request as it stands, which no client has put in order: status, headers, body."""
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        answer = connection.getresponse()
        said = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, said, answer.read()
    finally:
        connection.close()


PATHS = [
    *("/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "/static/..%2f..%2f..%2fetc/passwd"),
    *("/static/%2e%2e/%2e%2e/config.py", "//127.0.0.1/share", "/%5c%5cserver%5cshare", "/%00"),
    *("/media/../app.py", "/media/" + "a" * 300, "/app/static/../../app.py", "/app.py"),
    *("/.streamlit/config.toml", "/_stcore/../app.py", "/component/x/..%2f..%2fapp.py"),
    *("/_stcore/upload_file/a/b", "/qr.svg", "/qr.svg?link=javascript:alert(1)"),
    *("/qr.svg?link=" + "http://x/" + "a" * 5000, "/qr.svg?link=http://x/%ff%00", "/?%ff=%00"),
    *("/score_field?" + "&".join(f"k{k}=1" for k in range(3000)), "/x" * 2000, "/%F0%9F%8C%80"),
]


def test_no_address_leads_to_a_file_or_an_error(server: Server):
    """Whatever is asked: an answer, with the headers that go with every answer."""
    for path in PATHS:
        status, headers, body = asked(server, "GET", path)
        assert status in (200, 400, 403, 404, 405), (status, path[:80])
        assert b"root:x:" not in body, path[:80]
        assert b"st.App(" not in body, path[:80]
        assert b"Traceback" not in body, path[:80]
        assert b"fileWatcherType" not in body, path[:80]
        for name, value in HEADERS.items():
            assert headers[name] == value, (name, path[:80])
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"):
        for path in ("/", "/qr.svg?link=http://x/", "/_stcore/health", "/media/a.png"):
            status, _, _ = asked(server, method, path)
            assert status in (200, 204, 400, 403, 404, 405), (method, path)
    status, _, drawn = asked(server, "GET", "/qr.svg?link=http://x/%3Csvg%20onload%3D1%3E")
    assert status == 200
    assert b"onload" not in drawn
    assert "Traceback" not in server.log()


def test_uploads_need_the_sessions_token_and_keep_to_their_size(server: Server):
    place = "/_stcore/upload_file/none/none"
    assert asked(server, "PUT", place, b"x")[0] == 403
    tokens = {"X_Xsrftoken": "a" * 32, "Cookie": f"_streamlit_xsrf={'a' * 32}"}
    assert asked(server, "PUT", place, b"x", **tokens)[0] in (400, 403)
    parts = urlsplit(server.url)
    for origin in ("http://evil.example", "null"):  # another site cannot open a session
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        asking = {
            **{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
            **{"Sec-WebSocket-Key": "eA==", "Origin": origin},
        }
        connection.request("GET", "/_stcore/stream", headers=asking)
        assert connection.getresponse().status in (400, 403)
        connection.close()


def unharmed(page: Any) -> None:
    """No element that a text would have made, and no script of it has run."""
    assert page.evaluate("top.hit") is None
    assert page.locator("img[src='x'], #evil, a[href^='javascript']").count() == 0


def test_the_texts_of_strangers_are_shown_as_text(server: Server, open_page, tmp_path: Path):
    config = replace(DEFAULT.config, steps=25, batch=16)
    *_, last = filmed(train(replace(DEFAULT, config=config)))
    run = tmp_path / "run.safetensors"
    run.write_bytes(pack(run_of(last, EVIL, {})))
    page, watched = open_page(server, "/my_runs")
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    page.locator('input[type="file"]').set_input_files(run)
    name = page.get_by_text(EVIL, exact=True)
    name.wait_for()
    settle(page)
    unharmed(page)

    def kept() -> list[str]:
        return [c["value"] for c in page.context.cookies() if c["name"] == "explorer_shelf"]

    mine = kept()
    assert len(mine) == 1
    page.goto(f"{server.url}/my_runs?shelf=somebodyelses")
    page.get_by_text("Nothing here yet").wait_for()
    settle(page)
    assert kept() == mine, "a link has taken the place of what the browser keeps"

    story = tmp_path / "story.md"
    story.write_text(STORY, encoding="utf-8")
    page.goto(f"{server.url}/stories")
    page.locator('input[type="file"]').set_input_files(story)
    page.get_by_text("It is ready.").wait_for()
    unharmed(page)
    page.locator(".dxs-card", has_text="<img src=x").click()
    page.locator(".dxs-title", has_text="<img src=x").wait_for()
    settle(page)
    unharmed(page)
    assert watched.problems() == []
