"""Up to four samplers from one start on one clock, with the exact score or a learned one."""

import streamlit as st

from explorer.code.recipes import reverse_race as code
from explorer.diffusion.samplers import SAMPLERS
from explorer.registry import Param
from explorer.ui import controls, frame, learned_scenes, race_scenes
from explorer.ui.code import show_code
from explorer.ui.player import player
from explorer.ui.scenes import wide_noise
from explorer.ui.setup import choose_dim, choose_distribution, choose_process
from explorer.ui.tables import table
from explorer.ui.weights import trained

frame.page(
    "Reverse race",
    intro="Every sampler starts from the same noise and follows the same score, exact or learned. "
    "What differs is the step.",
)
DEFAULT_LANES = ("sde", "flow", "no-noise", "")
controls.presets(
    {
        "SDE, ODE, noise left out": {},
        "Ring: who finds all modes?": {"dist2": "ring", "proc": "ddpm"},
        "Ten steps each": {"lane1": "flow", "lane2": "heun", "lane3": "dpm", "steps": 10},
        "1D": {"dim": "1"},
        "Learned score": {"score": "moons", "lane1": "sde", "lane2": "dpm", "lane3": "ddim"},
        "Memorised points": {"dist2": "points", "proc": "cosine", "lane1": "ddpm"},
    }
)

narrow, wide = frame.stage()
with narrow:
    network = controls.option(
        {race_scenes.EXACT: "Exact", **learned_scenes.networks()},
        key="score",
        label="Score",
        default=race_scenes.EXACT,
        help="A trained network brings the distribution and the process that it learned.",
    )
    if network == race_scenes.EXACT:
        dim = choose_dim(default=2)
        distribution = choose_distribution(dim, default="mixture-1d" if dim == 1 else "moons")
        process = choose_process(default="ddpm")
    else:
        learned = learned_scenes.model(network).spec
        dim, distribution, process = learned.dim, learned.distribution, learned.process
    labels = {name: entry.label for name, entry in SAMPLERS.items()}
    lanes = []
    for place, start in enumerate(DEFAULT_LANES, start=1):
        options = {**labels, "none": "–"} if place > 1 else labels
        key = f"lane{place}"
        name = controls.option(
            options,
            key=key,
            label=f"Lane {place}",
            default=start or "none",
            help="The sampler that runs in this pane.",
        )
        if name != "none":
            entry = SAMPLERS[name]
            values = tuple(
                (p.name, controls.number(p, key=f"{key}.{name}.{p.name}")) for p in entry.params
            )
            lanes.append(race_scenes.Lane(name, values))
    count = Param("steps", "Steps", 100, 2, 500, 1, "Adaptive solvers choose their own.")
    steps = int(controls.number(count, key="steps"))
    crowd = Param("n", "Particles", 1000, 100, 5000, 100, "The same in every lane.")
    particles = int(controls.number(crowd, key="n"))
    show = controls.segments(
        {"particles": "Particles", "density": "Their density"},
        key="show",
        label="Behind the particles",
        default="particles",
        help="The exact density p_t, or the smoothed histogram of the particles themselves.",
    )
    true_start = controls.switch(
        key="true",
        label="Start from the true p_T",
        help="Diffused data instead of pure noise: takes the prior's own error away.",
    )
    seed = controls.seed()

race = race_scenes.race_scene(
    distribution,
    process,
    tuple(lanes),
    steps,
    particles,
    seed,
    true_start=true_start,
    show=show,
    rescaled=wide_noise(distribution, process),
    network=network,
    scale=1.4 if frame.projector() else 1.0,
)
with wide:
    player(
        race.scene.panes,
        key="race",
        clock=race.scene.clock,
        height=frame.height(400),
        columns=1 if dim == 1 else min(len(lanes), 3 if len(lanes) != 4 else 2),
    )
    table(race_scenes.rows(race))
    st.markdown(
        "**Why leaving out the noise fails.** Each ancestral step moves to the mean of "
        r"$q(x_s\mid x_t,\hat x_0)$, which lies closer to the centre than the data do, and trusts "
        r"its noise to restore the spread. Without it, the variance $\operatorname{Var}x_s$ falls "
        "short at every step and the cloud collapses. DDIM and the probability-flow ODE are "
        "deterministic too, but their steps are built to keep the spread. "
        "*Distance* is the sliced Wasserstein distance to true draws, its *noise floor* the same "
        "between two true samples of this size. *Spread* is the variance within the modes over the "
        "truth's: 1 is right, 0 is collapse."
    )
    show_code(
        code.recipe(
            distribution,
            process,
            [(lane.sampler, lane.values) for lane in lanes],
            steps,
            particles,
            seed,
            true_start=true_start,
            network=None if network == race_scenes.EXACT else trained(network),
        )
    )
