"""Every page opens by its own link, with its frame and without a fault."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from access import barriers
from conftest import settle, turn_to

from explorer.ui.frame import PRODUCT
from explorer.ui.menu import MENU

pytestmark = pytest.mark.browser


def overhang(page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def test_the_first_link_that_a_fresh_server_gets_opens_with_its_frame(fresh_server, open_page):
    page, watched = open_page(fresh_server, "/score_field")
    menu = page.locator('[data-testid="stSidebar"] nav a')
    menu.nth(len(MENU) - 1).wait_for(state="attached")
    assert menu.count() == len(MENU)
    assert page.locator(".st-key-head h1").inner_text() == "Score field"
    assert page.get_by_test_id("stException").count() == 0
    assert watched.problems() == []
    assert "Traceback" not in fresh_server.log()


def test_every_page_opens_by_its_link_on_a_phone_and_is_open_to_all(server, open_page):
    """Nothing sticks out, and axe-core finds no grave barrier, light and dark by turns."""
    page, watched = open_page(server, "/", width=390, height=844)
    found: dict[str, list[str]] = {}
    for k, entry in enumerate(MENU):
        page.emulate_media(color_scheme=("light", "dark")[k % 2])
        page.goto(f"{server.url}{entry.path}")
        title = page.locator(".st-key-head h1")
        title.wait_for()
        settle(page)
        assert title.inner_text() in (entry.title, PRODUCT)
        assert overhang(page) <= 0, entry.title
        assert page.get_by_test_id("stException").count() == 0
        found[entry.title] = barriers(page)
    assert [one for one in found.items() if one[1]] == []
    assert watched.problems() == []
    assert "Traceback" not in server.log()


def test_the_menu_leads_to_every_page(server, open_page):
    """Its entries bear the pages' addresses; one of each section is followed."""
    page, watched = open_page(server, "/")
    entries = page.locator('[data-testid="stSidebar"] nav a')
    entries.nth(len(MENU) - 1).wait_for(state="attached")
    paths = entries.evaluate_all("all => all.map((a) => new URL(a.href).pathname)")
    assert paths == [entry.path for entry in MENU]
    for entry in {entry.section: entry for entry in MENU}.values():
        turn_to(page, entry.title)
        assert page.url.split("?")[0] == f"{server.url}{entry.path}"
        assert page.get_by_test_id("stException").count() == 0
        assert overhang(page) <= 0, entry.title
    assert watched.problems() == []
    assert "Traceback" not in server.log()


def test_cards_open_their_pages_with_the_preset_in_the_link(server, open_page):
    page, watched = open_page(server, "/")
    cards = [entry for entry in MENU if entry.thumbnail]
    for entry in cards:
        link = page.locator(f'[data-card="{entry.thumbnail}"]').get_attribute("href")
        assert link == entry.path + (f"?{urlencode(entry.preset)}" if entry.preset else "")
    for entry in [entry for entry in cards if entry.preset][:3]:
        page.locator(f'[data-card="{entry.thumbnail}"]').click()
        page.locator(".st-key-head h1", has_text=entry.title).wait_for()
        settle(page)
        for key, value in entry.preset.items():
            assert f"{key}={value}" in page.url
        assert page.locator(".st-key-notes [data-testid='stText']").count() == 0
        page.goto(f"{server.url}/")
        settle(page)
    assert watched.problems() == []


GO = """link => {
  history.pushState({}, "", link);
  window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
}"""


def test_on_a_projector_nothing_sticks_out_sideways(server, open_page):
    page, watched = open_page(server, "/?projector=1", width=1920, height=1080)
    for entry in MENU:
        page.evaluate(GO, f"{entry.path}?projector=1")
        title = PRODUCT if entry.path == "/" else entry.title
        page.locator(".st-key-head h1", has_text=title).wait_for()
        settle(page)
        assert not page.get_by_test_id("stSidebar").is_visible(), entry.title
        assert overhang(page) <= 0, entry.title
        assert page.get_by_test_id("stException").count() == 0, entry.title
    assert watched.problems() == []


def test_projector_mode_is_left_by_the_same_switch(server, open_page):
    page, _ = open_page(server, "/?projector=1")
    assert not page.get_by_test_id("stSidebar").is_visible()
    page.get_by_role("button", name="Menu").click()
    page.get_by_test_id("stPopoverBody").get_by_text("Projector mode").click()
    page.get_by_test_id("stSidebar").wait_for()
    settle(page)
    assert "projector" not in page.url


def shown_process(page) -> str:
    return page.locator(".st-key-_proc input").input_value()


def test_a_choice_goes_along_to_another_page_and_a_default_does_not(server, open_page):
    """The forward page starts with λ^t, the score field with DDPM: each keeps its own start."""
    page, _ = open_page(server, "/forward_diffusion")

    turn_to(page, "Score field")
    assert "proc=" not in page.url
    assert shown_process(page).startswith("DDPM")
    turn_to(page, "Forward diffusion")
    page.locator(".st-key-_proc input").click()
    page.get_by_role("option", name="Cosine").click()
    page.wait_for_url("**proc=cosine*")
    settle(page)
    turn_to(page, "Score field")
    assert "proc=cosine" in page.url
    page.reload()
    settle(page)
    assert shown_process(page) == "Cosine"


def test_going_back_undoes_a_choice(server, open_page):
    page, _ = open_page(server, "/forward_diffusion")
    page.locator(".st-key-_proc input").click()
    page.get_by_role("option", name="Cosine").click()
    page.wait_for_url("**proc=cosine*")
    settle(page)
    page.go_back()
    page.wait_for_url(f"{server.url}/forward_diffusion")
    page.wait_for_function(
        "() => !document.querySelector('.st-key-_proc input').value.startsWith('Cosine')"
    )
