"""A server, a browser, and pages that are watched for anything that goes wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from benchmarks import serving
from benchmarks.serving import Server, Watch

OpenPage = Callable[..., tuple[Any, Watch]]


WALKS = {"test_pages", "test_links", "test_player_pixels", "test_hostile"}
"""Files that take about as long as all the others together."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two workers share the tests with a browser by files, so that each has one browser and one
    server; more would wait for each other."""
    for item in items:
        if item.get_closest_marker("browser"):
            half = "walks" if item.path.stem in WALKS else "tasks"
            item.add_marker(pytest.mark.xdist_group(f"browser-{half}"))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Versions of pytest and pytest-xdist that do not fit each other lose the groups silently."""
    if hasattr(session.config, "workerinput") and any(
        item.get_closest_marker("xdist_group") and "@" not in item.nodeid for item in session.items
    ):
        raise pytest.UsageError("pytest-xdist does not group tests with this version of pytest")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if serving.chromium() is None:
        if os.environ.get("EXPLORER_REQUIRE_BROWSER") == "1":
            pytest.fail("EXPLORER_REQUIRE_BROWSER=1, but no Chromium is installed")
        pytest.skip("no Chromium is installed")
    with serving.browse() as opened:
        yield opened


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all tests that do not ask for a fresh one."""
    with serving.serve() as running:
        yield running


@pytest.fixture
def fresh_server() -> Iterator[Server]:
    """A server that nothing has been asked of yet."""
    with serving.serve() as running:
        yield running


@pytest.fixture(scope="session")
def tabs(browser: Any) -> Iterator[Any]:
    """One browser context for all tests: it keeps the scripts that every page loads."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def open_page(tabs: Any) -> Iterator[OpenPage]:
    """`open_page(server, "/path?query", width=…, height=…, scheme="light")`: page and watch.

    settled: whether to wait until the page's script has come to its end.
    Every test begins as a browser that has not been here, but for the scripts it has kept.
    """
    tabs.clear_cookies()

    def opened(
        server: Server,
        path: str,
        *,
        width: int = 1440,
        height: int = 900,
        scheme: str = "light",
        settled: bool = True,
    ) -> tuple[Any, Watch]:
        page = tabs.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(60_000)  # a cold start on a busy machine
        watched = serving.watch(page, server)
        page.goto(f"{server.url}{path}")
        page.locator(".st-key-head h1").wait_for()
        if settled:
            settle(page)
        return page, watched

    yield opened
    for page in tabs.pages:
        page.close()


def settle(page: Any) -> None:
    """Wait until the script has run to its end and the page shows it."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.wait_for_timeout(150)


def turn_to(page: Any, title: str) -> None:
    """Open another page through the menu, whose other sections are folded away."""
    menu = page.get_by_test_id("stSidebar").get_by_role("navigation")
    named = page.locator("a", has_text=re.compile(f"{re.escape(title)}$"))  # its icon goes before
    entry = menu.locator(named)
    if not entry.is_visible():
        menu.locator("details", has=named).locator("summary").click()
    entry.click()
    page.locator(".st-key-head h1", has_text=title).wait_for()
    settle(page)
