"""The app's colours can be read: what is chosen in a control, on the tint that says so."""

from __future__ import annotations

import tomllib

import pytest

from benchmarks.serving import ROOT
from explorer.export.look import rgb

THEMES = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"]
TINT = 0.1
"""The share of the accent that Streamlit puts behind a chosen segment."""


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance (WCAG 2.2) of red, green, blue from 0 to 255."""
    parts = [c / 255 for c in colour]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("place", ["page", "sidebar"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_segment_has_the_contrast_of_small_text(theme: str, place: str) -> None:
    colours = THEMES[theme] | (THEMES[theme]["sidebar"] if place == "sidebar" else {})
    accent, behind = rgb(colours["primaryColor"]), rgb(colours["backgroundColor"])
    tinted = tuple(TINT * a + (1 - TINT) * b for a, b in zip(accent, behind, strict=True))
    low, high = sorted((luminance(accent), luminance(tinted)))
    assert (high + 0.05) / (low + 0.05) >= 4.5
