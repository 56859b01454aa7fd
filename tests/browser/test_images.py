"""Pictures on the player's canvas, as a person sees them: crisp, in step, and drawn on demand."""

from __future__ import annotations

import pytest
from conftest import settle
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

READY = ".dxp[data-ready]"

# Pixels of a pane's lower canvas inside its first picture: how many colours, and how bright.
LOOK = """(pane) => {
  const canvas = document.querySelectorAll('.dxp-pane')[pane].querySelector('.dxp-back');
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const colours = new Set();
  let painted = 0, light = 0, sum = 0;
  for (let k = 0; k < data.length; k += 4) {
    if (data[k + 3] < 255) continue;
    painted += 1;
    sum += data[k] + data[k + 1] + data[k + 2];
    colours.add((data[k] << 16) | (data[k + 1] << 8) | data[k + 2]);
  }
  return { share: painted / (width * height), colours: colours.size, mean: sum / painted / 3 };
}"""

# The length of the first run of one colour in the middle row of a picture of noise.
RUNS = """() => {
  const canvas = document.querySelector('.dxp-pane .dxp-back');
  const { width, height } = canvas;
  const row = canvas.getContext('2d').getImageData(0, Math.round(height / 4), width, 1).data;
  const runs = [];
  let length = 0;
  for (let k = 4; k < row.length; k += 4) {
    if (row[k + 3] < 255) { length = 0; continue; }
    length += 1;
    if (row[k] !== row[k - 4] || row[k + 1] !== row[k - 3] || row[k + 2] !== row[k - 2]) {
      runs.push(length);
      length = 0;
    }
  }
  return runs.slice(2, 200);
}"""


def seek(page, key: str) -> None:
    page.locator(READY).focus()
    page.keyboard.press(key)
    page.wait_for_timeout(400)


def test_noise_becomes_dark_pictures_with_crisp_pixels(server, open_page):
    page, watched = open_page(server, "/image_sampling")
    page.locator(READY).wait_for()
    seek(page, "Home")
    noise = page.evaluate(LOOK, 0)
    assert noise["share"] > 0.5
    assert noise["colours"] > 2000
    assert 100 < noise["mean"] < 155
    runs = sorted(page.evaluate(RUNS))
    assert runs[len(runs) // 2] >= 2  # a pixel of 32 covers several of the screen: no blur between
    seek(page, "End")
    digits = page.evaluate(LOOK, 0)
    assert digits["mean"] < 70  # strokes on black
    assert watched.problems() == []


def test_all_four_lanes_of_the_race_move_on_one_clock(server, open_page):
    page, watched = open_page(server, "/image_race", scheme="dark")
    page.locator(READY).wait_for()
    seek(page, "Home")
    starts = [page.evaluate(LOOK, pane) for pane in range(4)]
    means = [start["mean"] for start in starts]
    assert max(means) - min(means) < 1  # one noise for all, but for what WebP makes of it
    seek(page, "End")
    ends = [page.evaluate(LOOK, pane) for pane in range(4)]
    assert all(end["mean"] < 80 for end in ends)
    assert ends[0]["mean"] != ends[3]["mean"]
    assert watched.problems() == []


def test_a_picture_that_nobody_has_drawn_is_drawn_on_demand(server, open_page):
    page, watched = open_page(server, "/image_sampling?net=mnist-tiny&grid.eps.steps=20&rows=1")
    page.locator(READY).wait_for()
    page.get_by_text("Not computed yet").wait_for()
    page.get_by_test_id("stMain").get_by_role("button", name="Sample").click()
    page.get_by_text("10 pictures, 20 evaluations").wait_for()
    settle(page)
    seek(page, "End")
    assert page.evaluate(LOOK, 1)["colours"] > 500
    assert watched.problems() == []


def test_new_noise_that_is_known_already_is_shown_at_once_with_its_seed(server, open_page):
    page, watched = open_page(server, "/image_sampling?net=mnist-tiny&seed=9999")
    page.locator(READY).wait_for()
    main = page.get_by_test_id("stMain")
    main.get_by_role("button", name="Sample").click()
    main.get_by_role("button", name="New noise").click()  # back to seed 0, which nobody waits for
    page.wait_for_function("!location.search.includes('seed')")
    expect(page.get_by_label("Seed", exact=True)).to_have_value("0")  # drawn after the address
    assert watched.problems() == []


def test_the_forward_grid_and_its_chart_stand_above_the_fold(server, open_page):
    page, watched = open_page(server, "/image_forward")
    page.locator(READY).wait_for()
    page.locator(".dxp-pane .js-plotly-plot .cartesianlayer").nth(1).wait_for()
    for pane in page.locator(".dxp-stage").all():
        box = pane.bounding_box()
        assert box["y"] + box["height"] < 900
    seek(page, "End")
    seek(page, "Home")
    assert page.evaluate(LOOK, 0)["share"] > 0.4
    assert watched.problems() == []


def test_the_loss_curves_name_the_networks_and_the_targets(server, open_page):
    page, watched = open_page(server, "/image_losses")
    page.locator(".js-plotly-plot .legend").wait_for()
    legend = page.locator(".js-plotly-plot .legend").text_content()
    assert "U-Net" in legend
    assert "targets" in legend
    page.get_by_text("< 0.05 at 10,000").wait_for()  # drawn after the legend
    assert watched.problems() == []


def test_on_a_telephone_the_names_of_the_targets_end_with_the_chart(server, open_page):
    page, _ = open_page(server, "/image_losses", width=390, height=844)
    chart = page.locator(".js-plotly-plot").bounding_box()
    for name in ("< 0.1 at 2,500", "< 0.05 at 10,000"):
        box = page.get_by_text(name).bounding_box()
        assert box["x"] >= chart["x"]
        assert box["x"] + box["width"] <= chart["x"] + chart["width"]
