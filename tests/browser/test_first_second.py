"""Pages come to rest in good order: nothing jumps, nothing is ragged, panes are in line."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

WATCH = """
window.seen = { players: 0, bare: 0 };
new MutationObserver(() => {
  for (const player of document.querySelectorAll(".dxp")) {
    seen.players += 1;
    seen.bare += !player.querySelector(".dxp-stage");
  }
}).observe(document, { childList: true, subtree: true });
"""


def test_a_player_has_its_room_from_the_first_and_not_only_its_bar(server, open_page):
    """Else what lies below it moves twice."""
    page, watched = open_page(server, "/glossary?find=tweedie")
    page.add_init_script(WATCH)
    page.goto(f"{server.url}/forward_diffusion?n=300")
    page.locator(".dxp[data-ready]").wait_for()
    seen = page.evaluate("window.seen")
    assert seen["players"] > 0
    assert seen["bare"] == 0
    assert watched.problems() == []


def test_plotly_is_on_its_way_before_the_player_has_its_data(server, open_page):
    """It is by far the largest script, and the player comes from the server, too."""
    page, watched = open_page(server, "/forward_diffusion?n=300")
    page.locator(".dxp[data-ready]").wait_for()
    begins, had_data = page.evaluate("""() => [
      performance.getEntriesByType("resource")
        .filter(({ name }) => name.includes("/plotly-")).map(({ startTime }) => startTime),
      performance.getEntriesByName("player:data")[0].startTime]""")
    assert len(begins) == 1
    assert begins[0] < had_data
    assert watched.problems() == []


def test_choices_on_several_lines_fill_each_of_them(server, open_page):
    page, _ = open_page(server, "/image_race")
    choices = page.locator(".st-key-_view [role=radio]")
    choices.nth(2).wait_for()
    boxes = [choice.bounding_box() for choice in choices.all()]
    group = page.locator(".st-key-_view [role=radiogroup]").bounding_box()
    lines: dict[float, float] = {}
    for box in boxes:
        lines[box["y"]] = max(lines.get(box["y"], 0.0), box["x"] + box["width"])
    assert len(lines) > 1, "this test must see more lines than one"
    for right in lines.values():
        assert right == pytest.approx(group["x"] + group["width"], abs=1)


def test_pictures_side_by_side_are_in_line_though_one_has_a_longer_head(server, open_page):
    page, _ = open_page(server, "/diffusion_against_mcmc?n=50")
    page.locator(".dxp-stage").nth(2).wait_for()
    head = page.locator(".dxp-head").first
    height = head.bounding_box()["height"]
    head.evaluate("head => head.append(' and more words than a line has room for'.repeat(3))")
    assert head.bounding_box()["height"] > height
    stages = page.locator('.dxp[role="region"] .dxp-stage').all()
    assert len({stage.bounding_box()["y"] for stage in stages}) == 1
    assert len({stage.bounding_box()["height"] for stage in stages}) == 1


WAITING = """() => {
  const { content, visibility } = getComputedStyle(
    document.querySelector('[data-testid="stApp"]'), "::after");
  return content.includes("Computing") && visibility === "visible";
}"""


def test_a_page_that_lets_one_wait_says_so(server, open_page):
    page, _ = open_page(server, "/forward_diffusion?n=300")
    page.locator(".dxp[data-ready]").wait_for()
    assert not page.evaluate(WAITING)
    state = "app => (to) => (app.dataset.testScriptState = to)"
    app = page.get_by_test_id("stApp").evaluate_handle(state)
    app.evaluate("set => set('running')")  # as while the script runs
    assert not page.evaluate(WAITING), "not at once: most runs are over sooner"
    page.wait_for_function(WAITING)
    app.evaluate("set => set('notRunning')")
    assert not page.evaluate(WAITING)
