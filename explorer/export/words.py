"""Words on a picture: what Plotly's labels say as plain text, and equations."""

from __future__ import annotations

import html
import re
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from matplotlib.path import Path
from matplotlib.textpath import TextPath

_RAISED = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
_LOWERED = str.maketrans("0123456789+-−", "₀₁₂₃₄₅₆₇₈₉₊₋₋")
# what `mathtext` has no name for, in its own words
_SAID_OTHERWISE = (
    (r"\\(?:tfrac|dfrac)", r"\\frac"),
    (r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}"),
    (r"\\frac\s*(\d)\s*(\\[a-zA-Z]+|[a-zA-Z])", r"\\frac{\1}{\2}"),
    (r"\\frac\s*(\d)\s*\{", r"\\frac{\1}{"),
    (r"\\mathcal\s*([A-Za-z])", r"\\mathcal{\1}"),
    (r":", r"\\colon "),
    (r"\\to\b", r"\\rightarrow"),
    (r"\\lVert|\\rVert", r"\\Vert "),
    (r"\\lvert|\\rvert", r"\\vert "),
    (r"\\(?:bigl|bigr|Bigl|Bigr|biggl|biggr|big|Big)\b", ""),
    (r"\\top\b", "T"),
    (r"\\le\b", r"\\leq"),
    (r"\\ge\b", r"\\geq"),
    (r"\\text\b", r"\\mathrm"),
    (r"\\boldsymbol\b", r"\\mathbf"),
    (r"\\!", ""),
)


def plain(text: str) -> str:
    """A Plotly label without its tags; raised and lowered digits by their own signs."""
    text = re.sub(r"<sup>(.*?)</sup>", lambda m: m[1].translate(_RAISED), text)
    text = re.sub(r"<sub>(.*?)</sub>", lambda m: m[1].translate(_LOWERED), text)
    return html.unescape(re.sub(r"<[^>]*>", "", text))


@lru_cache(maxsize=64)
def typeset(latex: str) -> str | None:
    """LaTeX as `mathtext` takes it, in dollar signs, or None where it cannot set it."""
    for pattern, otherwise in _SAID_OTHERWISE:
        latex = re.sub(pattern, otherwise, latex)
    text = f"${' '.join(latex.split())}$"
    try:
        MathTextParser("path").parse(text, 72, FontProperties(size=10))
    except ValueError:
        return None
    return text


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a plain line in pixels."""
    weight = "bold" if bold else "normal"
    if not text.strip():
        return 0.0
    outline = TextPath((0, 0), _literal(text), size=size, prop=FontProperties(weight=weight))
    return float(outline.get_extents().width)


def _literal(text: str) -> str:
    """No dollar of somebody's text begins an equation."""
    return text.replace("$", r"\$")


def fitted(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it is wider than `room` pixels."""
    if width(text, size, bold=bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle] + "…", size, bold=bold) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def drawn(text: str, colour: str, size: float = 20.0) -> str:
    """A line that `typeset` gave as an SVG element of outlines, for a page."""
    prop = FontProperties(size=size, math_fontfamily="cm")
    outline = TextPath((0, 0), text, size=size, prop=prop)
    box = outline.get_extents().padded(2)
    codes = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
    steps = []
    for points, code in outline.iter_segments(curves=True, simplify=False):
        if code == Path.CLOSEPOLY:
            steps.append("Z")
            continue
        pairs = points.reshape(-1, 2)
        steps.append(codes[code] + " ".join(f"{x - box.x0:.2f} {box.y1 - y:.2f}" for x, y in pairs))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{box.width:.0f}" '
        f'height="{box.height:.0f}" viewBox="0 0 {box.width:.2f} {box.height:.2f}" role="img">'
        f'<path fill="{colour}" d="{"".join(steps)}"/></svg>'
    )
