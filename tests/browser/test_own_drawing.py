"""Somebody draws, and a moment later the page works with it; what is pasted wrong is explained."""

from __future__ import annotations

import math
import re
from urllib.parse import parse_qs, urlparse

import pytest
from access import barriers
from conftest import settle

from explorer.data.own_codec import decode

pytestmark = pytest.mark.browser


def test_a_drawing_becomes_the_distribution_and_stays_in_the_link(server, open_page):
    page, watch = open_page(server, "/forward_diffusion?dim=2&dist2=own-2d")
    page.get_by_role("button", name="Draw, paste or upload").click()
    sheet = page.locator(".dxo-canvas")
    take = page.get_by_role("button", name="Use this drawing")
    sheet.wait_for()
    assert take.is_disabled()  # nothing is drawn yet

    box = sheet.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + 100, y)
    page.mouse.down()
    for k in range(1, 13):
        page.mouse.move(x + 100 * math.cos(k / 2), y - 100 * math.sin(k / 2))
    page.mouse.up()
    status = page.locator(".dxo-status")
    drawn = status.inner_text()
    assert re.fullmatch(r"\d+ points", drawn)
    sheet.press("Space")
    sheet.press("Control+z")
    assert status.inner_text() == drawn

    take.click()
    sheet.wait_for(state="detached")
    page.get_by_text(f"In force: {drawn}.").wait_for()
    settle(page)
    data = decode(parse_qs(urlparse(page.url).query)["own2"][0])
    middle = (data.centres.min(axis=0) + data.centres.max(axis=0)) / 2
    radius = ((data.centres - middle) ** 2).sum(axis=1) ** 0.5
    assert data.size == int(drawn.split()[0])
    assert radius.std() < 0.1 * radius.mean()  # a circle it was

    page.get_by_role("button", name="Draw, paste or upload").click()
    page.get_by_test_id("stDialog").get_by_text("Paste", exact=True).click()
    field = page.get_by_test_id("stDialog").locator("textarea")
    field.fill("x;y\n1,5;2\n2,5;<b>u</b>")
    field.press("Control+Enter")
    page.get_by_text("row 3, column 2: '<b>u</b>' is not a number").wait_for()
    field.fill("x;y\n1,5;2\n2,5;3\n0;0")
    field.press("Control+Enter")
    page.get_by_role("button", name="Use these data").click()
    page.get_by_text("In force: 3 points.").wait_for()
    settle(page)
    assert watch.problems() == []


def test_on_a_projector_the_controls_step_back_for_the_sheet(server, open_page):
    link = "/forward_diffusion?dim=2&dist2=own-2d&projector=1"
    page, watch = open_page(server, link, width=1920, height=1080)
    page.get_by_role("button", name="Controls").click()
    page.get_by_role("button", name="Draw, paste or upload").click()
    sheet = page.locator(".dxo-canvas")
    sheet.wait_for()
    settle(page)
    box = sheet.bounding_box()
    over = "([x, y]) => document.elementFromPoint(x, y).className"
    assert page.evaluate(over, [box["x"] + 20, box["y"] + box["height"] / 2]) == "dxo-canvas"
    assert barriers(page) == []
    assert watch.problems() == []


def test_with_a_finger_on_a_phone(server, browser):
    with browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as phone:
        page = phone.new_page()
        page.goto(f"{server.url}/forward_diffusion?dim=2&dist2=own-2d")
        settle(page)
        page.get_by_test_id("stExpandSidebarButton").tap()
        page.get_by_role("button", name="Draw, paste or upload").tap()
        sheet = page.locator(".dxo-canvas")
        sheet.wait_for()
        page.wait_for_timeout(300)  # the dialog slides in
        box = sheet.bounding_box()
        assert box["height"] <= box["width"]
        page.touchscreen.tap(box["x"] + 120, box["y"] + 100)
        page.touchscreen.tap(box["x"] + 160, box["y"] + 150)
        page.get_by_role("button", name="Use this drawing").tap()
        page.get_by_text("In force: 2 points.").wait_for()


def test_a_palm_on_the_sheet_draws_nothing_beside_the_pen(server, open_page):
    page, _ = open_page(server, "/forward_diffusion?dim=2&dist2=own-2d")
    page.get_by_role("button", name="Draw, paste or upload").click()
    page.locator(".dxo-canvas").wait_for()
    drawn = page.locator(".dxo-canvas").evaluate("""async canvas => {
      canvas.setPointerCapture = () => {};
      const { x, y, width, height } = canvas.getBoundingClientRect();
      const at = (type, pointerId, dx, dy) => canvas.dispatchEvent(new PointerEvent(type, {
        pointerId, clientX: x + width / 2 + dx, clientY: y + height / 2 + dy, bubbles: true }));
      const count = async () => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        return parseInt(document.querySelector(".dxo-status").innerText) || 0;
      };
      at("pointerdown", 1, -60, 0);
      at("pointermove", 1, -40, 0);
      const before = await count();
      at("pointerdown", 2, 60, 60);
      at("pointermove", 2, 80, 60);
      at("pointerup", 2, 80, 60);
      const beside = await count();
      at("pointermove", 1, -10, 0);
      const after = await count();
      at("pointerup", 1, -10, 0);
      at("pointermove", 1, 40, 0);
      return [before, beside, after, await count()];
    }""")
    before, beside, after, ended = drawn
    assert 0 < before == beside < after == ended
