"""Steps against quality while it is measured: the picture grows, and never once goes away."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from explorer.diffusion.samplers import SAMPLERS

pytestmark = pytest.mark.browser

CHART = '[data-testid="stVegaLiteChart"] svg.marks'
POINTS = f"{CHART} .mark-symbol path"
LINK = "/steps_against_quality?model=mixture-1d"

WATCH = f"""() => {{
  const first = document.querySelector('{CHART}');
  const seen = (window.seen = {{ frames: 0, mounted: 0, lost: 0, faint: 0, points: 0 }});
  const look = () => {{
    const chart = document.querySelector('{CHART}');
    const points = document.querySelectorAll('{POINTS}').length;
    seen.frames += 1;
    seen.mounted += chart !== first;
    seen.lost += points < seen.points;
    seen.points = points;
    for (let e = chart; e; e = e.parentElement)
      if (Number(getComputedStyle(e).opacity) < 0.99) {{ seen.faint += 1; break; }}
    requestAnimationFrame(look);
  }};
  look();
}}"""


WRITTEN = f"""() => {{
  const chart = document.querySelector('{CHART}'), right = chart.getBoundingClientRect().right;
  const texts = [...chart.querySelectorAll('.mark-text text')];
  const over = texts.map((text) => text.getBoundingClientRect().right - right);
  return [texts.map((text) => text.textContent.trim()), Math.max(...over)];
}}"""
"""What is written in the chart, and by how many pixels it sticks out to the right."""


def await_points(page, count: int) -> None:
    page.wait_for_function(f"n => document.querySelectorAll('{POINTS}').length >= n", arg=count)


def test_the_chart_grows_and_not_one_frame_lacks_it(server, open_page):
    page, watched = open_page(server, f"{LINK}&seed=7", settled=False)
    await_points(page, 3)
    before = page.locator(POINTS).count()
    page.evaluate(WATCH)
    await_points(page, before + 12)
    seen = page.evaluate("window.seen")
    assert seen["frames"] >= 3, "pictures were looked at while they came"
    assert {name: seen[name] for name in ("mounted", "lost", "faint")} == dict.fromkeys(
        ("mounted", "lost", "faint"), 0
    )
    assert watched.problems() == []


def test_every_sampler_is_named_inside_the_chart_and_told_under_the_pointer(server, open_page):
    page, watched = open_page(server, f"{LINK}&projector=1", scheme="dark", settled=False)
    await_points(page, 2 * len(SAMPLERS))
    names, over = page.evaluate(WRITTEN)
    assert {entry.label for entry in SAMPLERS.values()} <= set(names)
    assert over <= 1
    page.locator(POINTS).first.hover()
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    assert "distance ÷ floor" in tip.inner_text()
    assert watched.problems() == []


def test_another_seed_begins_anew_in_the_same_chart(server, open_page):
    page, watched = open_page(server, LINK, settled=False)
    await_points(page, 8)
    page.evaluate(f"document.querySelector('{CHART}').mark = 'mine'")
    page.get_by_test_id("stNumberInputField").fill("1")
    page.get_by_test_id("stNumberInputField").press("Enter")
    page.wait_for_url("**seed=1*")
    page.wait_for_function(f"() => document.querySelectorAll('{POINTS}').length < 8")
    await_points(page, 3)
    assert page.evaluate(f"document.querySelector('{CHART}').mark") == "mine"
    assert watched.problems() == []


def test_on_a_phone_the_names_stand_below_and_nothing_is_cut_off(server, open_page):
    phone = {"width": 390, "height": 844}
    page, watched = open_page(server, LINK, settled=False, **phone)
    await_points(page, 2 * len(SAMPLERS))
    key = page.locator(".dx-key span")
    key.nth(len(SAMPLERS) - 1).wait_for()
    assert key.all_inner_texts() == [entry.label for entry in SAMPLERS.values()]
    names, over = page.evaluate(WRITTEN)
    assert not {entry.label for entry in SAMPLERS.values()} & set(names)
    assert over <= 1
    edges = page.evaluate(f"document.querySelector('{CHART}').getBoundingClientRect().toJSON()")
    assert edges["left"] >= 0
    assert edges["right"] <= phone["width"]
    drawing = unquote(key.first.locator("img").get_attribute("src") or "")
    line, marker = re.findall(r'(?:stroke|fill)="(#\w+)"', drawing)
    assert line == marker
    assert page.locator(f'{POINTS}[fill="{marker}"]').count() >= 1
    assert watched.problems() == []


def test_beside_a_wide_chart_no_legend_is_shown(server, open_page):
    page, _ = open_page(server, LINK, settled=False)
    await_points(page, 3)
    page.locator(".dx-key").first.wait_for(state="attached")
    assert not page.locator(".dx-key").first.is_visible()
