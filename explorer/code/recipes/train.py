"""The script of the page "Train"."""

from __future__ import annotations

from functools import partial

import torch

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import learned
from explorer.code.recipes.pictures import CLOUDS, HOW
from explorer.training.batches import draw_block
from explorer.training.model import Model, build_network
from explorer.training.optimiser import FlatAdam
from explorer.training.spec import ModelSpec
from explorer.training.train import train

BODY = """
import sys

import torch
from torch import Generator

from explorer.diffusion.steps import dpm_solver_2m
from explorer.diffusion.trajectory import simulate
from explorer.metrics import Truth
from explorer.training.train import train

torch.set_num_threads(1)  # faster than many for small networks, and the app's digits
due = 0
for state in train(spec):  # on the GPU where there is one
    if state.step >= due:
        print(f"step {state.step} of {state.steps}: loss={state.loss:.3f}")
        due = state.step + spec.config.steps // 10

model = state.model()
start = model.process.prior((1000, spec.dim), Generator().manual_seed(10_000 + spec.seed))
rng, grid = Generator().manual_seed(spec.seed), model.process.grid(20)
with torch.inference_mode():
    run = simulate(model.process, model.score, dpm_solver_2m(), start, grid, rng)
reading = Truth.of(spec.distribution.build(), 1000).sliced_wasserstein(run.xs[-1])
print(f"step={state.step} loss={state.loss:.5f} last={float(state.losses[-1]):.6g}")
print(f"distance={reading.value:.5f} floor={reading.floor:.5f} ratio={reading.ratio:.1f}")
clouds = {"learned": run.xs[-1], "true": spec.distribution.build().sample(1000, rng)}
"""


def train_script(spec: ModelSpec) -> str:
    """The whole training from its first step, its loss, and how far its samples are from the truth.

    On the CPU the same numbers as the page's, bit for bit, unless that training was continued.
    """
    doc = f"Train a network to know the score, and sample with it. {HOW}"
    return made.script(doc, BODY + CLOUDS, {"spec": spec}, keep=learned.kept(spec))


LOSS = (
    r"\mathcal L=\mathbb E_{t,x_0,\varepsilon}\;w(t)\,\lVert\hat\varepsilon_\theta"
    r"(\alpha_tx_0+\sigma_t\varepsilon,\,t)-\varepsilon\rVert^2"
)
SCORE = (
    r"\nabla_x\log p_t(x)=-\mathbb E[\varepsilon\mid x_t=x]/\sigma_t\approx"
    r"-\hat\varepsilon_\theta(x,t)/\sigma_t"
)


def recipe(spec: ModelSpec) -> Recipe:
    with torch.device("meta"):  # for its class alone
        network, _ = build_network(spec, spec.dim, 1.0)
    return Recipe(
        "train",
        (LOSS, SCORE, spec.process.build().latex),
        (train, draw_block, FlatAdam, Model, type(network)),
        partial(train_script, spec),
    )
