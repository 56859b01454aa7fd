"""Gradients through the sampler: steer a sample by its noise, and see the map that is descended."""

from explorer.code.recipes import differentiable_sampler as code
from explorer.diffusion.differentiable import SMOOTH
from explorer.diffusion.samplers import SAMPLERS
from explorer.registry import Param
from explorer.ui import controls, frame, steering_views
from explorer.ui import learned_scenes as learned
from explorer.ui import steering_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.setup import choose_distribution, choose_process
from explorer.ui.weights import trained

frame.page(
    "Steer the flow",
    intro="A sampler is a function of its noise, made of differentiable steps. So a wish about the "
    "sample, such as *be here*, has a gradient in $x_T$.",
)
controls.presets(
    {
        "Steer to a target": {},
        "The map": {"view": "map"},
        "With noise, held fixed": {"smooth": "ddim", "smooth.ddim.eta": 0.4, "dist2": "tutorial"},
        "Full noise forgets": {"smooth": "ddpm", "view": "map"},
        "Learned score": {"by": "moons"},
        "Where no data lie": {"y1": 0.0, "y2": 0.0},
        "A ring": {"dist2": "ring", "view": "map"},
    }
)
VIEWS = {"steer": "Steer", "map": "The map"}

narrow, wide = frame.stage()
with narrow:
    view = controls.segments(
        VIEWS,
        key="view",
        label="Show",
        default="steer",
        help="The descent of a few seeds, or where the sampler takes the whole plane of noise.",
    )
    aim = steering_views.choose_aim() if view == "steer" else None
    network = controls.option(
        {scenes.EXACT: "Exact", **scenes.networks()},
        key="by",
        label="Score",
        default=scenes.EXACT,
        help="A trained network brings the distribution and the process that it learned.",
    )
    if network == scenes.EXACT:
        distribution = choose_distribution(2, default="moons")
        process = choose_process(default="cosine")
    else:
        spec = learned.model(network).spec
        distribution, process = spec.distribution, spec.process
    sampler, numbers = controls.choose(
        SAMPLERS,
        key="smooth",
        label="Sampler",
        default="dpm",
        help="The steps that gradients go back through. Its noise, if any, is held fixed.",
        where=lambda name, _: name in SMOOTH,
        prefix="smooth.",
    )
    count = Param("unrolled", "Steps", 20, 5, 60, 5, "Of the sampler, from noise to data.")
    steps = int(controls.number(count, key="unrolled"))
    seed = controls.seed()

way = scenes.Way(distribution, process, network, sampler, tuple(numbers.items()), steps, seed)
scale = 1.4 if frame.projector() else 1.0
with wide:
    if aim is None:
        steering_views.the_map(way, scale)
    else:
        steering_views.steer(way, aim, scale)
    weights = None if network == scenes.EXACT else trained(network)
    asked = code.Map(distribution, process, sampler, way.values, steps, seed, weights)
    show_code(code.recipe(asked, aim))
