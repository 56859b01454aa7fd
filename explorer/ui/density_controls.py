"""The controls of the estimates that need no training: a histogram's boxes, kernels' width."""

from __future__ import annotations

from explorer.registry import Param
from explorer.ui import controls
from explorer.ui.density_scenes import RULES

_BINS = Param("bins", "Bins along each axis", 0, 0, 60, 1, "0: by Scott's rule for histograms.")
_FACTOR = Param("factor", "Bandwidth", 0.2, 0.01, 1.0, 0.01, "Of every kernel.", "σ of the data")


def choose_widths() -> tuple[int, str, float]:
    """Bins along each axis (0 for automatic), the rule of the bandwidth, and one's own bandwidth.

    The bandwidth counts where the rule is "own", in standard deviations of the data.
    """
    bins = int(controls.number(_BINS, key="bins"))
    rule = controls.option(
        {**{key: label for key, (label, _) in RULES.items()}, "own": "Your own"},
        key="rule",
        label="Kernel bandwidth",
        default="cv",
        help="How wide the bell over every point is, in σ of the data.",
    )
    factor = float(controls.number(_FACTOR, key="factor")) if rule == "own" else _FACTOR.default
    return bins, rule, factor
