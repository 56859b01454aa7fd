"""What the player computes, asked of its own modules in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from explorer.ui.player import assets

pytestmark = pytest.mark.browser

IMPORTED = """([source, body]) => import(
    URL.createObjectURL(new Blob([source], { type: "text/javascript" }))
).then((module) => new Function("module", `return ${body}`)(module))"""


def asked(page: Any, name: str, body: str) -> Any:
    """What an expression says of the module of this name."""
    source = (Path(assets.HERE) / "js" / f"{name}.js").read_text(encoding="utf-8")
    return page.evaluate(IMPORTED, [source, body])


@pytest.fixture
def page(tabs: Any) -> Any:
    blank = tabs.new_page()
    yield blank
    blank.close()


def test_a_step_of_the_clock_meets_the_frame_of_its_time(page):
    """Frames' times have 32 bits, in which k/100 may lie a little above the clock's."""
    found = asked(
        page,
        "frames",
        """(() => {
          const at = (k) => (k % 2 ? (k + 1) / 2 - 0.01 : k / 2) / 99;
          const times = Float32Array.from({ length: 199 }, (_, k) => at(k));
          return Array.from({ length: 99 }, (_, k) => module.locate(times, k / 99))
            .map(({ a, b, u }, k) => [a - 2 * k, u]);
        })()""",
    )
    assert {a for a, _ in found} == {0}
    assert all(0 <= u < 1e-3 for _, u in found)


def test_a_clock_leads_on_from_a_link_and_stops_where_no_loop_is_wanted(page):
    stuck = """Array.from({ length: 499 }, (_, k) => {
      const position = Number((k / 499).toFixed(6));
      const clock = module.makeClock({ seconds: 1, loop: true, position });
      module.step(clock, 1, 499);
      return Math.round(clock.position * 499) - k;
    })"""
    assert set(asked(page, "clock", stuck)) == {1}
    ended = """(() => {
      const clock = module.makeClock({ seconds: 1, loop: true, position: 0.99 });
      module.play(clock);
      for (let now = 0; now < 300; now += 50) module.tick(clock, now);
      module.ASKED.loop(clock);
      for (let now = 300; now < 3000; now += 50) module.tick(clock, now);
      return [clock.position, clock.playing];
    })()"""
    assert asked(page, "clock", ended) == [1, False]
