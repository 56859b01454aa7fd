"""The player in Chromium, judged by what is on the screen rather than by what it says of itself."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import serving
from benchmarks.serving import Server

pytestmark = pytest.mark.browser

APP = Path(__file__).with_name("player_app.py")
VERMILLION = np.array([0xD5, 0x5E, 0x00])
GREEN = np.array([0x00, 0x9E, 0x73])
Show = Callable[..., Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving.serve(APP) as running:
        yield running


@pytest.fixture
def show(browser: Any, tabs: Any, server: Server) -> Iterator[Show]:
    """`show(case, **context options)`: a page with that case's players ready; no errors on it."""
    watches, own = [], []

    def open_case(case: str, **options: Any) -> Any:
        if options:
            own.append(browser.new_context(**options))
        page = (own[-1] if options else tabs).new_page()
        page.set_viewport_size({"width": 900, "height": 700})
        page.set_default_timeout(30_000)
        watches.append(serving.watch(page, server))
        page.goto(f"{server.url}/?case={case}")
        page.locator('.dxp[data-ready="1"]').first.wait_for()
        return page

    yield open_case
    for place in [*tabs.pages, *own]:
        place.close()
    assert [problem for watched in watches for problem in watched.problems()] == []


def pixels(page: Any, pane: int = 0) -> np.ndarray:
    """A pane as it stands on the screen, (H, W, 3); the pointer is moved out of its way."""
    page.mouse.move(2, 2)
    page.wait_for_timeout(120)
    shot = page.locator(".dxp-stage").nth(pane).screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def spot(picture: np.ndarray, colour: np.ndarray = VERMILLION) -> np.ndarray:
    """The centre (x, y) of the pixels of this colour."""
    rows, columns = np.nonzero(np.abs(picture - colour).sum(axis=-1) < 40)
    assert len(rows), "nothing of this colour is on the screen"
    return np.array([columns.mean(), rows.mean()])


def tick(page: Any, axis: str, label: str, pane: int = 0) -> float:
    """Where in the pane the axis' label stands: x for an x tick, y for a y tick."""
    stage = page.locator(".dxp-stage").nth(pane)
    box = stage.locator(f".{axis}tick text", has_text=re.compile(f"^{label}$")).first.bounding_box()
    home = stage.bounding_box()
    if axis == "x":
        return box["x"] + box["width"] / 2 - home["x"]
    return box["y"] + box["height"] / 2 - home["y"]


def at_ticks(page: Any, x: str, y: str, pane: int = 0) -> np.ndarray:
    return np.array([tick(page, "x", x, pane), tick(page, "y", y, pane)])


def drag(page: Any, near: np.ndarray, one: tuple, other: tuple, pane: int = 0) -> None:
    """Zoom into the box between two points of the pane, given by their distance to a third."""
    home = page.locator(".dxp-stage").nth(pane).bounding_box()
    corner = np.array([home["x"], home["y"]]) + near
    start, end = np.array(one), np.array(other)
    page.mouse.move(*(corner + start))
    page.mouse.down()
    page.mouse.move(*(corner + (start + end) / 2))
    page.mouse.move(*(corner + end))
    page.mouse.up()
    page.wait_for_timeout(400)


def data(page: Any, name: str, which: int = 0) -> str:
    return page.locator(".dxp").nth(which).get_attribute(f"data-{name}")


def press(page: Any, key: str) -> None:
    page.locator(".dxp").first.press(key)
    page.wait_for_timeout(80)


def test_a_particle_lands_where_the_axes_say(show: Show):
    page = show("corner")
    np.testing.assert_allclose(spot(pixels(page)), at_ticks(page, "−3", "−3"), atol=1.6)
    press(page, "End")
    np.testing.assert_allclose(spot(pixels(page)), at_ticks(page, "3", "2"), atol=1.6)
    press(page, "ArrowLeft")  # nine tenths of the way from (−3, −3) to (3, 2)
    start, end = at_ticks(page, "−3", "−3"), at_ticks(page, "3", "2")
    np.testing.assert_allclose(spot(pixels(page)), start + 0.9 * (end - start), atol=1.6)


def test_a_particle_stays_on_its_axes_when_zoomed(show: Show):
    page = show("corner")
    before = spot(pixels(page))
    drag(page, before, (-60, 25), (170, -120))
    after = spot(pixels(page))
    assert np.abs(after - before).max() > 20
    np.testing.assert_allclose(after, at_ticks(page, "−3", "−3"), atol=1.6)


def test_a_particle_outside_the_zoomed_axes_is_not_drawn(show: Show):
    page = show("corner")
    before = spot(pixels(page))
    drag(page, before, (40, -40), (300, -200))
    with pytest.raises(AssertionError, match="nothing of this colour"):
        spot(pixels(page))


def test_linked_panes_share_their_zoom(show: Show):
    page = show("pair")
    before = spot(pixels(page, 1))
    drag(page, before, (-60, 50), (60, -60), pane=0)
    for pane in (0, 1):
        np.testing.assert_allclose(
            spot(pixels(page, pane)), at_ticks(page, "1", "1", pane), atol=1.6
        )
    assert np.abs(spot(pixels(page, 1)) - before).max() > 10


def test_a_particle_wears_the_colour_of_the_frame_that_is_nearest(show: Show):
    page = show("turning")
    press(page, "End")
    np.testing.assert_allclose(spot(pixels(page), GREEN), at_ticks(page, "0", "0"), atol=1.6)
    press(page, "ArrowLeft")  # at 7/8: nearer to the last frame than to that at 1/2
    spot(pixels(page), GREEN)
    with pytest.raises(AssertionError, match="nothing of this colour"):
        spot(pixels(page))
    press(page, "ArrowLeft")
    press(page, "ArrowLeft")  # at 5/8
    np.testing.assert_allclose(spot(pixels(page)), at_ticks(page, "0", "0"), atol=1.6)
    with pytest.raises(AssertionError, match="nothing of this colour"):
        spot(pixels(page), GREEN)


def test_playing_moves_the_picture_and_pause_holds_it(show: Show):
    page = show("load")
    first = pixels(page)
    page.wait_for_timeout(300)
    assert (pixels(page) != first).any()
    press(page, " ")
    held = pixels(page)
    paints = data(page, "paints")
    page.wait_for_timeout(400)
    assert (pixels(page) == held).all()
    assert data(page, "paints") == paints, "a player at rest must not go on painting"


def test_a_density_is_there_at_the_first_and_the_last_frame(show: Show):
    page = show("fog")
    for key, there, gone in (("Home", "−2", "2"), ("End", "2", "−2")):
        press(page, key)
        picture = pixels(page)
        (x, y), (other, _) = (at_ticks(page, side, "0") + 9 for side in (there, gone))
        dense, clear = picture[int(y), int(x)], picture[int(y), int(other)]
        assert np.abs(dense - clear).sum() > 100
        assert dense.sum() < clear.sum()


def test_the_keyboard_works_the_player(show: Show):
    page = show("corner")
    for key, frame in [("End", "10"), ("Home", "0"), ("ArrowRight", "1"), ("ArrowRight", "2")]:
        press(page, key)
        assert data(page, "frame") == frame
    press(page, "]")
    assert page.get_by_label("Speed").input_value() == "2"
    press(page, "[")
    press(page, "[")
    assert page.get_by_label("Speed").input_value() == "0.5"
    press(page, "l")
    assert page.get_by_label("Loop (L)").get_attribute("aria-pressed") == "true"
    press(page, " ")
    assert data(page, "playing") == "1"
    page.wait_for_timeout(300)
    press(page, " ")
    assert data(page, "playing") == "0"
    assert float(data(page, "position")) > 0.2
    assert page.get_by_label("Time").get_attribute("aria-valuetext").startswith("t = 0.")


def test_keys_act_under_the_pointer_unless_someone_types(show: Show):
    page = show("corner")
    page.locator(".dxp-stage").hover()
    page.keyboard.press("End")
    page.wait_for_timeout(80)
    assert data(page, "frame") == "10"
    page.mouse.move(2, 2)
    page.keyboard.press("Home")
    page.wait_for_timeout(80)
    assert data(page, "frame") == "10"


def test_scrubbing_seeks_and_pauses(show: Show):
    page = show("load")
    page.get_by_label("Time").fill("250")
    page.wait_for_timeout(80)
    assert data(page, "position") == "0.2500"
    assert data(page, "playing") == "0"


COUNT_PAINTED = """() => {
  const canvas = document.querySelector(".dxp-front");
  const least = (window.leastPainted = { pixels: Infinity, frames: 0 });
  const look = () => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let painted = 0;
    for (let k = 3; k < data.length; k += 4) painted += data[k] > 0;
    least.pixels = Math.min(least.pixels, painted);
    least.frames += 1;
    requestAnimationFrame(look);
  };
  look();
}"""


def test_new_data_reach_the_same_player_without_a_blank(show: Show):
    page = show("load")
    page.get_by_label("Time").fill("500")
    page.wait_for_timeout(100)
    page.evaluate("document.querySelector('.dxp .plot-container').mark = 'mine'")
    before, version = pixels(page), data(page, "version")
    page.evaluate(COUNT_PAINTED)
    page.get_by_label("seed").fill("1")
    page.get_by_label("seed").press("Enter")
    page.wait_for_function("v => document.querySelector('.dxp').dataset.version !== v", arg=version)
    assert page.evaluate("document.querySelector('.dxp .plot-container').mark") == "mine"
    assert data(page, "position") == "0.5000"
    assert (pixels(page) != before).any()
    least = page.evaluate("window.leastPainted")
    assert least["frames"] > 2
    assert least["pixels"] > 1000


def test_reduced_motion_means_no_autoplay(show: Show):
    page = show("load", reduced_motion="reduce")
    assert data(page, "playing") == "0"
    first = pixels(page)
    page.wait_for_timeout(300)
    assert (pixels(page) == first).all()
    press(page, "ArrowRight")
    assert (pixels(page) != first).any()


def test_two_players_keep_their_own_time(show: Show):
    page = show("two")
    page.locator('.dxp[data-ready="1"]').nth(1).wait_for()
    np.testing.assert_allclose(spot(pixels(page, 0)), at_ticks(page, "−3", "0", 0), atol=1.6)
    np.testing.assert_allclose(spot(pixels(page, 1)), at_ticks(page, "0", "0", 1), atol=1.6)
    page.locator(".dxp").nth(1).press("End")
    np.testing.assert_allclose(spot(pixels(page, 0)), at_ticks(page, "−3", "0", 0), atol=1.6)
    np.testing.assert_allclose(spot(pixels(page, 1)), at_ticks(page, "3", "0", 1), atol=1.6)


def test_a_finger_drags_the_star_and_scrolls_beside_it(show: Show):
    page = show("grip", has_touch=True)
    touch = page.context.new_cdp_session(page)
    home = page.locator(".dxp-stage").bounding_box()

    def place(x: str, y: str) -> dict[str, float]:
        across, down = at_ticks(page, x, y)
        return {"x": home["x"] + across, "y": home["y"] + down}

    def finger(kind: str, *at: dict[str, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(at)})

    def drag(start: dict[str, float], end: dict[str, float]) -> None:
        finger("touchStart", start)
        for u in (0.25, 0.5, 0.75, 1.0):
            finger("touchMove", {k: start[k] + u * (end[k] - start[k]) for k in "xy"})
        finger("touchEnd")

    drag(place("0", "0"), place("2", "−2"))
    page.get_by_text("star at 2.0, -2.0", exact=True).wait_for()
    scrolled = "document.querySelector('[data-testid=stMain]').scrollTop"
    assert page.evaluate(scrolled) == 0
    finger("touchStart", place("−2", "2"))
    finger("touchEnd")
    page.get_by_text("star at -2.0, 2.0", exact=True).wait_for()
    drag(place("2", "−2"), place("2", "2"))  # away from the star: the page moves, it does not
    page.wait_for_function(f"{scrolled} > 20")  # last, since a scroll runs on under no finger
    assert page.get_by_text("star at -2.0, 2.0", exact=True).count() == 1


def test_leaving_cleans_up(show: Show):
    page = show("gallery")
    page.get_by_text("hide").click()
    page.locator(".dxp").wait_for(state="detached")
    page.wait_for_timeout(300)
    assert page.locator(".js-plotly-plot").count() == 0
    page.keyboard.press("End")
    page.get_by_text("hide").click()
    page.locator('.dxp[data-ready="1"]').wait_for()
    assert page.locator(".dxp").count() == 1


def test_the_theme_changes_under_a_running_player(show: Show):
    page = show("corner", color_scheme="light")
    label = page.locator(".xtick text").first
    light = label.evaluate("e => getComputedStyle(e).fill")
    ground = pixels(page)[20, 200]
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(1500)
    assert label.evaluate("e => getComputedStyle(e).fill") != light
    assert pixels(page)[20, 200].sum() < ground.sum() - 300
    spot(pixels(page))


def test_a_narrow_screen_shows_one_pane_per_row(show: Show):
    page = show("gallery", device_scale_factor=2)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(800)
    boxes = [box.bounding_box() for box in page.locator(".dxp-stage").all()]
    assert len({box["x"] for box in boxes}) == 1
    assert len({box["height"] for box in boxes}) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
