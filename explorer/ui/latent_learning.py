"""A training of VAE and diffusion in this session, in the server's one queue.

The worker threads touch none of this but the job, its hook and the store.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from explorer.figures.latents import classes
from explorer.figures.stamps import stamp
from explorer.metrics import Truth
from explorer.registry import Param
from explorer.training.autosaves import Unfinished
from explorer.training.jobs import Job, Status
from explorer.training.latents import (
    LATENTS,
    VAE_PART,
    LatentSpec,
    LatentState,
    latent_from_json,
    vae_tensors,
)
from explorer.training.leases import KEEPER
from explorer.training.runs import Run
from explorer.training.spec import to_json
from explorer.training.train import Resume
from explorer.training.vae import VAE_PARAMS
from explorer.training.works import LatentTraining
from explorer.ui import controls, learning, links, workplace
from explorer.ui.holding import hold_of
from explorer.ui.job_bar import waits
from explorer.ui.latent_scenes import CLEAR_METRIC, row

KIND = "latents"
"""What marks an autosave as one of both networks."""
RECIPE, VAE_STEPS, KL, UPDATES, SEED = "recipe", "vae_steps", "kl", "updates", "vae_seed"
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
    code: str = ""
    """Names the training's autosave. It stays when the training goes on."""

    @property
    def busy(self) -> bool:
        return self.job is not None and not self.job.status.is_final

    @property
    def state(self) -> LatentState | None:
        return self.job.latest if self.job is not None else None


def desk() -> LatentDesk:
    """This session's."""
    return workplace.desk("latents", LatentDesk)


def choose_training() -> LatentSpec:
    """The controls of a training of both networks."""
    options = {name: entry.label for name, entry in LATENTS.items()}
    name = controls.option(
        options,
        key=RECIPE,
        label="Train as",
        default="ours",
        help="The document's settings, or the ones that we found to work best.",
    )
    chosen = LATENTS[name]
    vae_steps = replace(VAE_PARAMS["steps"], choices=(500, 1000, 2000, 3000, 6000, 14_529))
    steps = int(controls.number(vae_steps, key=f"{name}.{VAE_STEPS}", default=chosen.vae.steps))
    weight = float(controls.number(VAE_PARAMS["kl_weight"], key=KL))
    updates = int(
        controls.number(_STEPS, key=f"{name}.{UPDATES}", default=chosen.diffusion.config.steps)
    )
    seed = controls.seed(key=SEED, default=1)
    vae = replace(chosen.vae, steps=steps, kl_weight=weight, seed=seed)
    config = replace(chosen.diffusion.config, steps=updates)
    return LatentSpec(chosen.label, vae, replace(chosen.diffusion, config=config, seed=seed))


def title(spec: LatentSpec) -> str:
    """What a run is called until it is given a name."""
    return f"Latents of a VAE, KL weight {spec.vae.kl_weight:g}"


def keys_of(spec: LatentSpec) -> dict[str, Any]:
    """The values of all controls under which the page trains `spec`."""
    name = next((n for n, e in LATENTS.items() if e.label == spec.label), next(iter(LATENTS)))
    return {
        "view": "train",
        RECIPE: name,
        f"{name}.{VAE_STEPS}": spec.vae.steps,
        KL: spec.vae.kl_weight,
        f"{name}.{UPDATES}": spec.diffusion.config.steps,
        SEED: str(spec.vae.seed),
    }


def begin(spec: LatentSpec, resume: Resume | None = None, code: str | None = None) -> None:
    """Queue the training for this session, in place of the one it may have. A callback.

    resume, code: what it goes on from; whoever goes on replaces the autosave left behind.
    Raises Taken where another job goes on with that one.
    """
    at, main = desk(), learning.desk()
    kept, shelf = learning.store(), learning.shelf()
    code, hold = hold_of(code, at.code)
    if at.busy and at.job is not None:
        at.job.stop()
    jobs: list[Job[LatentState]] = []

    def autosave(state: LatentState) -> None:
        tensors, meta = state.resume_state()
        said = {"kind": KIND, "shelf": shelf, "name": title(spec), "step": state.step}
        stopped = any(job.stopping for job in jobs)
        hold.take()
        kept.autosaves.autosave(code, tensors, {**said, "state": meta, "stopped": stopped})

    def done(state: LatentState) -> None:
        run, picture = run_of(state)
        hold.take()
        kept.save(run, shelf, picture)
        kept.autosaves.discard(code)

    at.code = code
    work = LatentTraining(spec, resume)
    at.job = main.pool.submit(main.owner, title(spec), work, done, autosave)
    jobs.append(at.job)
    KEEPER.keep(at.job, hold)
    workplace.note(at.job, shelf, code)


def go_on() -> None:
    """Take the stopped training of this session up where it stopped. A callback."""
    at = desk()
    if at.state is not None:
        begin(at.state.spec, at.state.resume_state(), at.code)


def take_up(left: Unfinished) -> None:
    """Go on with a training that a closed tab or a killed server left."""
    state = learning.store().autosaves.load(left.job_id)
    tensors, meta = state[0], state[1]["state"]
    spec = latent_from_json(meta["spec"])
    links.adjust(keys_of(spec))
    begin(spec, (tensors, meta), left.job_id)


def run_of(state: LatentState) -> tuple[Run, bytes]:
    """A finished training of both as the shelf keeps it, and a picture of its samples, PNG.

    The run is the model's, with the VAE in its history.
    """
    if state.diffusion is None:
        raise ValueError("the VAE has only just learned; a run needs the model of its latents too")
    spec, model = state.diffusion.spec, state.diffusion.model()
    trained, end = state.vae.vae(), learning.samples(model).xs[-1]
    distribution = spec.distribution.build()
    reading = Truth.of(distribution, learning.PARTICLES).sliced_wasserstein(end)
    figures = {
        "distance": reading.value,
        "floor": reading.floor,
        CLEAR_METRIC: row(trained, end, "").clear,
    }
    vae = {VAE_PART + name: tensor for name, tensor in vae_tensors(state.vae).items()}
    run = Run(
        title(state.spec),
        to_json(spec),
        state.diffusion.weights(),
        {"losses": state.diffusion.losses, **vae},
        {"seconds": state.seconds, **figures},
    )
    return run, stamp(distribution, end, classes(trained, end).tolist())


def says(job: Job[LatentState] | None) -> str:
    """How the job stands, in one line of Markdown."""
    if job is None:
        return f"Trains on {learning.device_name()}; both networks, one after the other."
    state = job.latest
    if job.status is Status.WAITING:
        return waits(job)
    if job.status is Status.RUNNING:
        if state is None:
            return "Starting."
        what = "The VAE learns" if state.diffusion is None else "The diffusion learns its latents"
        return f"{what}: {job.progress:.0%} of all {state.steps:,} steps."
    if job.status is Status.DONE and state is not None:
        kept = "" if job.note else " and kept in *My runs*"
        return f"Trained in {state.seconds:.1f} s{kept}."
    return "Stopped. It can go on." if job.status is Status.STOPPED else "Ended."
