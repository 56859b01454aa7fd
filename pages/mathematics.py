"""The equations of a diffusion model, each beside a picture of it and checked by numbers."""

from explorer.diffusion.processes import PROCESSES
from explorer.ui import bound_views, controls, frame, mathematics_views, score_views
from explorer.ui.mathematics_scenes import chain as chain_of

frame.page(
    "The mathematics",
    intro="Five equations carry a diffusion model. Each is drawn here beside its formula, and both "
    "sides of it are computed in different ways.",
)
NOTE = {"ddpm.steps": 500, "ddpm.beta_end": 0.02}
controls.presets(
    {
        "One step for many": {},
        "The DDPM note's chain": NOTE,
        "Posterior": {"view": "posterior"},
        "A bound for two moons": {"view": "bound"},
        "What “simple” throws away": {"view": "loss", **NOTE},
        "Noise is the score": {"view": "score"},
        "Targets in the plane": {"view": "score", "dim": "2"},
    }
)
VIEWS = {
    "closed": "Closed form",
    "posterior": "Posterior",
    "bound": "The bound",
    "loss": "Simple loss",
    "score": "Score",
}
STEPS, _, BETA_END = PROCESSES["ddpm"].params

narrow, wide = frame.stage()
with narrow:
    view = controls.segments(
        VIEWS,
        key="view",
        label="Equation",
        default="closed",
        help="Each is computed in two ways that must agree.",
    )
scale = 1.4 if frame.projector() else 1.0
if view == "bound":
    bound_views.bound(narrow, wide, scale)
elif view == "score":
    score_views.score(narrow, wide, scale)
else:
    with narrow:
        steps = controls.number(STEPS, key="ddpm.steps", default=40)
        end = controls.number(BETA_END, key="ddpm.beta_end", default=0.25)
    chain = chain_of(int(steps), float(end))
    if view == "closed":
        mathematics_views.closed(chain, narrow, wide, scale)
    elif view == "posterior":
        mathematics_views.posterior(chain, narrow, wide, scale)
    else:
        bound_views.loss(chain, wide, scale)
