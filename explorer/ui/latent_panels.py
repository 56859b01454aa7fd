"""What stands on the page of latent diffusion while both networks learn: pictures and figures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st
import torch
from torch import Generator

from explorer.diffusion.samplers import SAMPLERS, race
from explorer.figures import latents as figures
from explorer.figures.layers import Pane
from explorer.figures.view import View
from explorer.networks.vae import CLEAR, VAE
from explorer.training.latents import LatentSpec, LatentState
from explorer.training.vae import LEAST, latents, untrained
from explorer.ui.cache import cached
from explorer.ui.latent_scenes import row
from explorer.ui.scenes import Scene, clock

COUNT, STEPS, SIDE = 800, 50, 80
"""Particles, steps and mesh of a picture that is drawn anew every half second."""


@dataclass(frozen=True)
class Look:
    """What has been learned, and the share that decodes clearly of true latents and of samples."""

    scene: Scene
    true: float
    sampled: float | None


def look(state: LatentState, scale: float = 1.0) -> Look:
    """The latents in the plane, and beside them samples of the diffusion once there is one."""
    vae = state.vae.vae()
    process = state.spec.diffusion.process.build()
    view = View(latents(vae).build(), process, True)
    encoded = figures.latents_pane(vae, view, seed=0, scale=scale, count=COUNT, side=SIDE)
    true = _clear(vae, view.distribution.sample(4000, Generator().manual_seed(1)))
    if state.diffusion is None:
        return Look(Scene((encoded,), clock(view)), true, None)
    model = state.diffusion.model()
    start = process.prior((COUNT, 2), Generator().manual_seed(2))
    entry = SAMPLERS["ddpm"]
    run = race(entry, entry.build(), process, model.score, start, STEPS, 3)
    points = figures.run_particles(view, run, vae, by_end=False, scale=scale)
    plane = figures.plane(vae, view.half_width, link="z", scale=scale)
    behind = figures.regions(vae, view.half_width, side=SIDE)
    sampled = Pane(plane, (behind, points), title="Samples of the diffusion")
    return Look(Scene((encoded, sampled), clock(view)), true, _clear(vae, run.xs[-1]))


@cached
def before(spec: LatentSpec, scale: float = 1.0) -> Scene:
    """What training starts from: an encoder that puts all vectors into one heap."""
    vae = untrained(Generator().manual_seed(spec.vae.seed)).requires_grad_(False)
    view = View(latents(vae).build(), spec.diffusion.process.build(), True)
    pane = figures.latents_pane(vae, view, seed=0, scale=scale, count=COUNT, side=SIDE)
    return Scene((replace(pane, title="Before training: all four in one heap"),), clock(view))


def _clear(vae: VAE, z: torch.Tensor) -> float:
    return row(vae, z, "").clear


def metrics(state: LatentState, seen: Look) -> None:
    """How far the training is, and how close to what cannot be beaten."""
    reconstruction, kl = state.vae.loss
    shown = [
        ("Step", f"{state.step:,}", f"Of {state.steps:,}, both networks together."),
        ("Reconstruction", f"{reconstruction:.2f} nats", "Mean of the last steps."),
        ("KL", f"{kl:.2f} nats", "What the latents tell of their class, and a little more."),
        ("Together", f"{reconstruction + kl:.2f}", f"No VAE comes below ln 4 = {LEAST:.2f}."),
        ("Clear, encoded", f"{seen.true:.0%}", f"Share of latents with a part above {CLEAR:g}."),
    ]
    if seen.sampled is not None:
        shown.append(("Clear, sampled", f"{seen.sampled:.0%}", "The same of the samples."))
    for place, (label, value, more) in zip(st.columns(len(shown)), shown, strict=True):
        place.metric(label, value, help=more)
