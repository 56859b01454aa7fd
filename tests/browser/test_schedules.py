"""The Noise schedules page: still charts that the pointer reads, and that follow a change."""

import re

import pytest

from explorer.diffusion.processes import PROCESSES

pytestmark = pytest.mark.browser


def test_charts_are_read_and_follow_a_change(open_page, server):
    page, watched = open_page(server, "/noise_schedules")
    chart = page.locator(".st-key-curves .dxp[data-version]")
    chart.wait_for()
    assert page.locator(".dxp-bar:visible").count() == 0
    names = [PROCESSES[name].label for name in ("ddpm", "cosine", "straight")]
    assert chart.locator(".dxp-chip").all_text_contents() == names

    # the signal kept by the straight path halfway is a quarter
    place = page.evaluate(
        """() => {
          const plot = document.querySelector(".st-key-curves .js-plotly-plot");
          const { xaxis2: x, yaxis2: y } = plot._fullLayout;
          const { left, top } = plot.getBoundingClientRect();
          return [left + x._offset + x._length / 2, top + y._offset + y._length / 2];
        }"""
    )
    page.mouse.move(*place)
    tip = chart.locator(".dxp-tip")
    tip.get_by_text("t = 0.50").wait_for()
    last = tip.text_content().splitlines()[-1]
    assert 0.24 < float(re.search(r"[\d.]+$", last).group()) < 0.26

    before = chart.get_attribute("data-version")
    page.locator(".st-key-controls").get_by_role("slider").nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "old => document.querySelector('.st-key-curves .dxp').dataset.version !== old", arg=before
    )
    assert page.evaluate("document.querySelectorAll('.stPlotlyChart').length") == 0
    assert watched.problems() == []
