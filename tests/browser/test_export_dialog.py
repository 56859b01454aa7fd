"""A lecturer takes an animation home: the dialog, the download, and the page that plays offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_a_page_taken_home_plays_without_any_network(
    server: Any, browser: Any, open_page: Any, tmp_path: Path
) -> None:
    page, watched = open_page(server, "/score_field?dist2=moons")
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="HTML", exact=True).click()
    dialog.get_by_role("button", name="Make the HTML").click()
    with page.expect_download() as arriving:
        dialog.get_by_role("button", name="Download").click()
    assert arriving.value.suggested_filename == "score-field-two-moons.html"
    file = tmp_path / "home.html"
    arriving.value.save_as(file)
    assert not watched.problems()

    context = browser.new_context(offline=True)
    home = context.new_page()
    errors: list[str] = []
    home.on("pageerror", lambda error: errors.append(str(error)))
    home.goto(file.as_uri())
    player = home.locator(".dxp[data-ready]")
    player.wait_for()
    home.get_by_role("button", name="To the start").click()
    home.get_by_role("button", name="Play (space)").click()
    home.wait_for_function("Number(document.querySelector('.dxp').dataset.position) > 0.02")
    assert home.locator(".dxp-plot .xtick").count() > 0
    assert not errors
    context.close()
