"""Latent diffusion as scenes and tables: four ways to sample from one cloud of noise, decoded.

What these functions return is shared between sessions and must not be changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from torch import Generator, Tensor

from explorer.diffusion.parametrization import Score
from explorer.diffusion.samplers import SAMPLERS, race_together
from explorer.diffusion.trajectory import exact_score
from explorer.figures import latents as figures
from explorer.figures.layers import Pane
from explorer.figures.view import View
from explorer.networks.vae import CLASSES, CLEAR, VAE
from explorer.training.folders import StoreUnavailable
from explorer.training.latents import LATENTS, VAE_PART, Latent, latent_of, load_latent
from explorer.training.model import Model
from explorer.training.spec import from_json
from explorer.ui import controls, learning
from explorer.ui.cache import cached
from explorer.ui.scenes import Scene, clock, shared_view

RUN = "run-"
"""What comes before the id of a run that this session's shelf holds."""
CLEAR_METRIC = "clear"
"""The figure by which a run of both networks is known on the shelf."""

LANES = {
    "ddpm": "With noise (DDPM)",
    "no-noise": "Noise left out",
    "ddim": "DDIM",
    "flow": "Probability-flow ODE",
}
"""The samplers that start from the same noise, and what they are called here."""
EXAMPLES = 8


def choices() -> dict[str, str]:
    """What can be looked at, name → label: what comes with the product, and this shelf's runs."""
    names = {name: entry.label for name, entry in LATENTS.items()}
    try:
        mine = learning.store().list_runs(learning.shelf())
    except StoreUnavailable as problem:
        st.warning(str(problem))
        return names
    kept = {f"{RUN}{c.id}": f"Mine: {c.name}" for c in mine if CLEAR_METRIC in c.metrics}
    return names | kept


def choose_model() -> str:
    """The control for what is looked at. A run that cannot be used is said to be so, and left."""
    default = next(iter(LATENTS))
    name = controls.option(
        choices(),
        key="model",
        label="Trained by",
        default=default,
        help="Whose recipe trained the VAE and the network for its latents.",
    )
    try:
        latent(name)
    except (ValueError, OSError) as problem:
        st.text(f"This run cannot be used: {problem}")  # it may quote a stranger: no Markdown
        return default
    return name


@cached
def latent(name: str) -> Latent:
    if not name.startswith(RUN):
        return load_latent(name)
    run = learning.store().load(name.removeprefix(RUN))
    tensors = {
        part.removeprefix(VAE_PART): tensor
        for part, tensor in run.history.items()
        if part.startswith(VAE_PART)
    }
    return latent_of(Model.of(from_json(run.spec), run.weights), tensors)


def view_of(model: Model) -> View:
    return shared_view(model.spec.distribution, model.spec.process, True, False)


def score_of(known: Latent, exact: bool) -> Score:
    """The learned score, or the true one: the latents are a Gaussian mixture."""
    view = view_of(known.model)
    return exact_score(view.distribution, view.process) if exact else known.model.score


@cached
def class_map(name: str, half: float) -> figures.ClassMap:
    """What every place of the window decodes to."""
    return figures.ClassMap.of(latent(name).vae, half)


@dataclass(frozen=True)
class Row:
    """How a sample decodes.

    clear: the share with a winner above 0.9.  found: shares of the four classes by their largest
    part.  spread: √ of the mean variance of the latents.  examples: (8, 4) decoded vectors.
    """

    label: str
    clear: float
    found: tuple[float, ...]
    spread: float
    examples: np.ndarray


@dataclass(frozen=True)
class Sampling:
    """Four lanes on one clock, how each decodes, and the same of true latents and plain noise."""

    scene: Scene
    rows: tuple[Row, ...]
    true: Row
    noise: Row


@torch.inference_mode()
def row(vae: VAE, z: Tensor, label: str) -> Row:
    """How latents z (B, 2) decode."""
    decoded = vae.decode(z.float())
    winner, which = decoded.max(dim=1)
    found = torch.bincount(which, minlength=CLASSES) / len(z)
    return Row(
        label,
        float((winner > CLEAR).float().mean()),
        tuple(found.tolist()),
        float(z.var(dim=0).mean().sqrt()),
        decoded[:EXAMPLES].numpy(),
    )


@cached
def sampling(
    name: str,
    exact: bool,
    by_end: bool,
    steps: int,
    particles: int,
    seed: int,
    scale: float = 1.0,
) -> Sampling:
    """The four lanes of `LANES` from the same x_T."""
    known = latent(name)
    view, vae = view_of(known.model), known.vae
    start = view.process.prior((particles, 2), Generator().manual_seed(seed))
    plane = figures.plane(vae, view.half_width, link="z", scale=scale)
    behind = figures.regions(vae, view.half_width)
    panes, rows = [], []
    entries = [SAMPLERS[sampler] for sampler in LANES]
    lanes = race_together(
        entries, known.model.process, score_of(known, exact), start, steps, seed + 1
    )
    for label, run in zip(LANES.values(), lanes, strict=True):
        found = row(vae, run.xs[-1], label)
        points = figures.run_particles(
            view, run, vae, by_end=by_end, scale=scale, known=class_map(name, view.half_width)
        )
        note = f"{found.clear:.0%} decode to a clear winner"
        panes.append(Pane(plane, (behind, points), title=label, note=note))
        rows.append(found)
    rng = Generator().manual_seed(seed + 2)
    true = row(vae, view.distribution.sample(4000, rng), "True latents (encoder)")
    plain = row(vae, torch.randn(4000, 2, generator=rng), "N(0, I), no diffusion")
    return Sampling(Scene(tuple(panes), clock(view)), tuple(rows), true, plain)


@cached
def vae_scene(name: str, seed: int, scale: float = 1.0) -> Scene:
    """The latents of a trained VAE over its decoder's regions, from noise to data."""
    known = latent(name)
    view = view_of(known.model)
    return Scene((figures.latents_pane(known.vae, view, seed=seed, scale=scale),), clock(view))


@dataclass(frozen=True)
class ClassRow:
    """Where a class lies: its mean and width in the plane, and what its mean decodes to."""

    name: str
    mean: tuple[float, float]
    width: tuple[float, float]
    decoded: tuple[float, ...]


@torch.inference_mode()
def class_rows(vae: VAE) -> list[ClassRow]:
    """The four classes as the VAE has arranged them."""
    means, log_variances = vae.encode(torch.eye(CLASSES))
    widths, decoded = (0.5 * log_variances).exp(), vae.decode(means)
    parts = zip(figures.NAMES, means.tolist(), widths.tolist(), decoded.tolist(), strict=True)
    return [ClassRow(name, (m[0], m[1]), (w[0], w[1]), tuple(d)) for name, m, w, d in parts]
