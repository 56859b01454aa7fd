"""A training of VAE and diffusion in this session, in the server's one queue.

The worker threads touch none of this but the job, its hook and the store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import streamlit as st

from explorer.metrics import Truth
from explorer.registry import Param
from explorer.training.jobs import Job, Status
from explorer.training.latents import (
    LATENTS,
    LatentSpec,
    LatentState,
    train_latent,
    vae_tensors,
)
from explorer.training.runs import Run
from explorer.training.spec import to_json
from explorer.training.vae import VAE_PARAMS
from explorer.ui import controls, learning
from explorer.ui.latent_scenes import CLEAR_METRIC, VAE_PART, row

_STEPS = Param(
    "steps",
    "Diffusion steps",
    4000,
    500,
    20_000,
    500,
    "Updates of the network that learns the latents' score.",
    choices=(500, 1000, 2000, 4000, 8000, 20_000),
)


@dataclass(eq=False)
class LatentDesk:
    """What one session trains here."""

    job: Job[LatentState] | None = None

    @property
    def busy(self) -> bool:
        return self.job is not None and not self.job.status.is_final

    @property
    def state(self) -> LatentState | None:
        return self.job.latest if self.job is not None else None


@st.cache_resource(scope="session", show_spinner=False)
def desk() -> LatentDesk:
    """This session's. When its tab closes, the training desk takes its owner's jobs away."""
    return LatentDesk()


def choose_training() -> LatentSpec:
    """The controls of a training of both networks."""
    options = {name: entry.label for name, entry in LATENTS.items()}
    name = controls.option(
        options,
        key="recipe",
        label="Train as",
        default="ours",
        help="The document's settings, or the ones that we found to work best.",
    )
    chosen = LATENTS[name]
    vae_steps = replace(VAE_PARAMS["steps"], choices=(500, 1000, 2000, 3000, 6000, 14_529))
    steps = int(controls.number(vae_steps, key=f"{name}.vae_steps", default=chosen.vae.steps))
    weight = float(controls.number(VAE_PARAMS["kl_weight"], key="kl"))
    updates = int(
        controls.number(_STEPS, key=f"{name}.updates", default=chosen.diffusion.config.steps)
    )
    seed = controls.seed(key="vae_seed", default=1)
    vae = replace(chosen.vae, steps=steps, kl_weight=weight, seed=seed)
    config = replace(chosen.diffusion.config, steps=updates)
    return LatentSpec(chosen.label, vae, replace(chosen.diffusion, config=config, seed=seed))


def title(spec: LatentSpec) -> str:
    """What a run is called until it is given a name."""
    return f"Latents of a VAE, KL weight {spec.vae.kl_weight:g}"


def begin(spec: LatentSpec) -> None:
    """Queue the training for this session, in place of the one it may have. A callback."""
    at, main = desk(), learning.desk()
    kept, shelf = learning.store(), learning.shelf()
    if at.busy and at.job is not None:
        at.job.stop()

    def work() -> Iterator[LatentState]:
        return train_latent(spec)

    def done(state: LatentState) -> None:
        kept.save(run_of(state), shelf)

    at.job = main.pool.submit(main.owner, title(spec), work, done)


def run_of(state: LatentState) -> Run:
    """A finished training of both as the shelf keeps it: the model, and the VAE in its history."""
    if state.diffusion is None:
        raise ValueError("the VAE has only just learned; a run needs the model of its latents too")
    spec, model = state.diffusion.spec, state.diffusion.model()
    end = learning.samples(model).xs[-1]
    reading = Truth.of(spec.distribution.build(), learning.PARTICLES).sliced_wasserstein(end)
    figures = {
        "distance": reading.value,
        "floor": reading.floor,
        CLEAR_METRIC: row(state.vae.vae(), end, "").clear,
    }
    vae = {VAE_PART + name: tensor for name, tensor in vae_tensors(state.vae).items()}
    return Run(
        title(state.spec),
        to_json(spec),
        state.diffusion.weights(),
        {"losses": state.diffusion.losses, **vae},
        {"seconds": state.seconds, **figures},
    )


def says(job: Job[LatentState] | None) -> str:
    """How the job stands, in one line of Markdown."""
    if job is None:
        return f"Trains on {learning.device_name()}; both networks, one after the other."
    state = job.latest
    if job.status is Status.WAITING:
        return f"Waiting: place {job.position or 1} in the queue."
    if job.status is Status.RUNNING:
        if state is None:
            return "Starting."
        what = "The VAE learns" if state.diffusion is None else "The diffusion learns its latents"
        return f"{what}: {job.progress:.0%} of all {state.steps:,} steps."
    if job.status is Status.DONE and state is not None:
        kept = "" if job.note else " and kept in *My runs*"
        return f"Trained in {state.seconds:.1f} s{kept}."
    return "Stopped." if job.status is Status.STOPPED else "Ended."
