"""A training in the browser: it begins, shows itself, stops, goes on, and leaves with its tab."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from conftest import settle, turn_to
from made_runs import a_run

from benchmarks import serving
from explorer.training.store import Store

pytestmark = pytest.mark.browser

QUICK = "/train?steps=500&batch=64"
LONG = "/train?steps=50000&batch=256"


def bar(page):
    return page.locator(".st-key-train-bar")


def begin(page) -> None:
    bar(page).get_by_text("Train", exact=True).click()
    bar(page).get_by_text("Stop", exact=True).wait_for()


def shown_step(page) -> int:
    text = page.get_by_test_id("stMetricValue").first.inner_text()
    return int(text.split(" of ")[0].replace(",", ""))


def test_a_network_is_trained_and_its_snapshots_can_be_looked_at(server, open_page):
    page, watched = open_page(server, QUICK)
    begin(page)
    bar(page).get_by_text("Trained in").wait_for()
    page.locator(".st-key-_film").wait_for()
    page.locator(".st-key-learned [data-version]").wait_for()
    before = page.locator(".st-key-learned [data-version]").get_attribute("data-version")
    page.locator(".st-key-_film").get_by_role("slider").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "before => document.querySelector('.st-key-learned [data-version]')"
        ".dataset.version !== before",
        arg=before,
    )
    turn_to(page, "My runs")
    page.get_by_text("Two moons, 500 steps").wait_for()
    assert watched.problems() == []
    assert "Traceback" not in server.log()


def test_a_training_stops_goes_on_and_outlives_a_change_of_page(server, open_page):
    page, watched = open_page(server, LONG)
    begin(page)
    page.get_by_test_id("stMetricValue").first.wait_for()
    first = shown_step(page)
    turn_to(page, "Score field")
    page.locator(".st-key-head h1", has_text="Score field").wait_for()
    settle(page)
    turn_to(page, "Train")
    page.locator(".st-key-head h1", has_text="Train").wait_for()
    page.get_by_test_id("stMetricValue").first.wait_for()
    assert shown_step(page) > first
    bar(page).get_by_text("Stop", exact=True).click()
    bar(page).get_by_text("Stopped.").wait_for()
    stopped = shown_step(page)
    bar(page).get_by_text("more steps").first.click()
    bar(page).get_by_text("Stop", exact=True).wait_for()
    page.wait_for_function(
        "step => Number((document.querySelector('[data-testid=stMetricValue]')?.innerText ?? '0')"
        ".split(' of ')[0].replaceAll(',', '')) > step",
        arg=stopped,
    )
    assert watched.problems() == []


def test_a_closed_tab_frees_its_worker_for_the_next(fresh_server, open_page):
    page, _ = open_page(fresh_server, LONG)
    begin(page)
    page.get_by_test_id("stMetricValue").first.wait_for()
    other, _ = open_page(fresh_server, QUICK)
    begin(other)
    page.close()
    bar(other).get_by_text("Trained in").wait_for()
    assert "Traceback" not in fresh_server.log()


def test_a_killed_server_costs_seconds_of_a_training(browser, tmp_path: Path, open_page):
    with serving.serve(runs=tmp_path) as server:
        page, _ = open_page(server, f"{LONG}&shelf=abcd1234")
        begin(page)
        states = tmp_path / "in-progress"
        deadline = time.monotonic() + 50
        while time.monotonic() < deadline and not list(states.glob("*/state.safetensors")):
            time.sleep(0.2)
        server.process.send_signal(signal.SIGKILL)
        page.close()
    (state,) = states.glob("*/state.safetensors")
    ahead = time.time() + 3600
    os.utime(state, (ahead, ahead))  # as if just written, by a clock that was set back since
    long_ago = time.time() - 60  # as if the killed server had been silent for a minute
    with serving.serve(runs=tmp_path) as server:
        page, watched = open_page(server, "/my_runs?shelf=abcd1234")
        page.get_by_text("it can be taken up here 30 s after that").wait_for()
        os.utime(state, (long_ago, long_ago))
        page.get_by_text("Interrupted at step").wait_for()  # by itself
        words = page.get_by_text("Interrupted at step").inner_text().split()
        step = int(words[3].strip(":").replace(",", ""))
        page.get_by_role("button", name="Go on").click()
        page.locator(".st-key-head h1", has_text="Train").wait_for()
        page.get_by_test_id("stMetricValue").first.wait_for()
        assert shown_step(page) >= step > 0
        bar(page).get_by_text("Stop", exact=True).click()
        bar(page).get_by_text("Stopped.").wait_for()
        assert watched.problems() == []
        assert "Traceback" not in server.log()


def test_a_reloaded_page_finds_its_training_at_work(server, open_page):
    """A reload is another session of the same browser; whose training it is, the cookie says."""
    page, watched = open_page(server, LONG)
    begin(page)
    page.get_by_test_id("stMetricValue").first.wait_for()
    first = shown_step(page)
    page.reload()
    page.get_by_test_id("stMetricValue").first.wait_for()
    assert shown_step(page) >= first
    bar(page).get_by_text("Stop", exact=True).click()
    bar(page).get_by_text("Stopped.").wait_for()
    assert page.get_by_text("Interrupted").count() == 0
    assert watched.problems() == []
    assert "Traceback" not in server.log()


def test_two_tabs_share_their_shelf_and_nothing_else(server, open_page):
    """What one has trained, the other finds; each trains and stops for itself."""
    page, watched = open_page(server, QUICK)
    begin(page)
    bar(page).get_by_text("Trained in").wait_for()
    other = page.context.new_page()
    other.set_default_timeout(60_000)
    other.goto(f"{server.url}{LONG}")
    begin(other)
    other.get_by_test_id("stMetricValue").first.wait_for()
    assert bar(page).get_by_text("Trained in").count() == 1
    third = page.context.new_page()
    third.set_default_timeout(60_000)
    third.goto(f"{server.url}/my_runs")
    third.get_by_text("Two moons, 500 steps").wait_for()
    assert third.get_by_text("Interrupted").count() == 0
    assert third.locator('[data-testid="stImage"] img').first.evaluate("e => e.naturalWidth") > 60
    bar(other).get_by_text("Stop", exact=True).click()
    bar(other).get_by_text("Stopped.").wait_for()
    third.get_by_text("Interrupted at step").wait_for()  # by itself, without a click there
    assert watched.problems() == []
    assert "Traceback" not in server.log()


def test_a_run_is_opened_from_the_shelf_played_again_and_gone_on_with(server, open_page):
    page, watched = open_page(server, QUICK)
    begin(page)
    bar(page).get_by_text("Trained in").wait_for()
    turn_to(page, "My runs")
    page.get_by_role("link", name="Replay, go on").click()
    page.locator(".st-key-head h1", has_text="Train").wait_for()
    bar(page).get_by_text("After 500 steps").wait_for()
    assert "run=" in page.url
    page.locator(".st-key-_film").wait_for()
    page.reload()
    bar(page).get_by_text("After 500 steps").wait_for()
    bar(page).get_by_role("button", name="Continue: 500 more steps").click()
    bar(page).get_by_text("Trained in").wait_for()
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stMetricValue]')"
        "?.innerText.startsWith('1,000 of 1,000')"
    )
    assert "run=" not in page.url
    assert watched.problems() == []
    assert "Traceback" not in server.log()


def test_the_browsers_back_and_forward_leave_the_training_alone(server, open_page):
    page, watched = open_page(server, LONG)
    begin(page)
    page.get_by_test_id("stMetricValue").first.wait_for()
    first = shown_step(page)
    turn_to(page, "Score field")
    page.go_back()
    page.locator(".st-key-head h1", has_text="Train").wait_for()
    page.get_by_test_id("stMetricValue").first.wait_for()
    assert shown_step(page) > first
    page.go_forward()
    page.locator(".st-key-head h1", has_text="Score field").wait_for()
    page.go_back()
    bar(page).get_by_text("Stop", exact=True).click()
    bar(page).get_by_text("Stopped.").wait_for()
    assert watched.problems() == []
    assert "Traceback" not in server.log()


def test_a_run_that_goes_leaves_no_open_question_about_the_next(server, open_page):
    store = Store(server.log_file.parent / "runs")
    for name in ("One", "Another"):
        store.save(a_run(name), "abcd1234")
    page, watched = open_page(server, "/my_runs?shelf=abcd1234")
    page.get_by_text("One", exact=True).wait_for()
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_text("Another", exact=True).wait_for(state="detached")
    settle(page)
    assert page.get_by_text("One", exact=True).count() == 1
    assert page.get_by_role("button", name="Delete for good").count() == 0
    assert watched.problems() == []
