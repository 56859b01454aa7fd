"""Forward diffusion: the noise level of a process over time."""

import plotly.graph_objects as go
import torch

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.processes import PROCESSES
from explorer.figures.base import CHART_CONFIG, axes_figure
from explorer.figures.palette import colour
from explorer.ui import controls
from explorer.ui.frame import page, projector, stage

page("Forward diffusion", intro="Noise grows from left to right.")
left, right = stage()
with left:
    controls.presets({"Tutorial": {"proc": "ve", "ve.lam": 25.0}, "DDPM": {"proc": "ddpm"}})
    controls.choose(DISTRIBUTIONS, key="dist", label="Data", default="gaussians-1d")
    name, values = controls.choose(PROCESSES, key="proc", label="Process", default="ve")
    controls.seed()
    controls.reset()
t = torch.linspace(0, 1, 101, dtype=torch.float64)
sigma = PROCESSES[name].build(values).sigma(t)
figure = axes_figure(
    (0, 1),
    (0, float(sigma.max()) * 1.05),
    x_title="t",
    y_title="σ",
    scale=1.4 if projector() else 1,
)
figure.add_trace(go.Scatter(x=t.numpy(), y=sigma.numpy(), line={"color": colour(0)}))
right.plotly_chart(figure, config=CHART_CONFIG, key="chart")
