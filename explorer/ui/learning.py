"""Trainings of this session: the server's queue, the one job at hand, and the shelf of its runs.

The worker threads touch none of this but the job, its hooks and the store.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st
from torch import Generator, Tensor

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.trajectory import Trajectory
from explorer.metrics import Truth
from explorer.training.autosaves import Unfinished
from explorer.training.film import Progress, Snapshot, film_from, film_tensors, filmed
from explorer.training.folders import checked_code, new_code
from explorer.training.jobs import Job, Pool, Status
from explorer.training.model import Model, best_device
from explorer.training.runs import Run, unpack
from explorer.training.spec import ModelSpec, from_json
from explorer.training.spec import to_json as spec_json
from explorer.training.store import Card, Store
from explorer.training.train import train
from explorer.ui import links

PARTICLES, SAMPLER, STEPS = 1000, "dpm", 20
"""How samples are drawn while a network learns: few evaluations, the same noise every time."""


@st.cache_resource(show_spinner=False)
def pool() -> Pool:
    """The server's one queue."""
    made = Pool()
    atexit.register(made.close)
    return made


@st.cache_resource(show_spinner=False)
def store() -> Store:
    return Store.from_environment()


@dataclass(eq=False)
class Desk:
    """What one session works at: its job, if any, and what that job trains."""

    pool: Pool
    owner: str = field(default_factory=new_code)
    job: Job[Progress] | None = None
    spec: ModelSpec | None = None
    code: str = ""
    """Names what is trained: its autosave, and its snapshots. It stays when a training goes on."""

    @property
    def busy(self) -> bool:
        return self.job is not None and not self.job.status.is_final

    @property
    def progress(self) -> Progress | None:
        return self.job.latest if self.job is not None else None


def _clear(desk: Desk) -> None:
    desk.pool.release(desk.owner)


@st.cache_resource(scope="session", show_spinner=False, on_release=_clear)
def desk() -> Desk:
    """This session's; when its tab closes, its jobs leave the queue."""
    return Desk(pool())


def shelf() -> str:
    """The code under which this session's runs are kept; a link may bring one along."""
    if "_shelf" not in st.session_state:
        given = (links.from_link("shelf") or [""])[-1]
        try:
            st.session_state["_shelf"] = checked_code(given)
        except ValueError:
            st.session_state["_shelf"] = new_code()
    return str(st.session_state["_shelf"])


def title(spec: ModelSpec) -> str:
    """What a run is called until it is given a name."""
    return f"{DISTRIBUTIONS[spec.distribution.name].label}, {spec.config.steps:,} steps"


def begin(
    spec: ModelSpec,
    resume: tuple[Mapping[str, Tensor], Mapping[str, Any]] | None = None,
    film: tuple[Snapshot, ...] = (),
    code: str | None = None,
) -> None:
    """Queue a training of `spec` for this session, in place of the one it may have.

    resume, film, code: what it goes on from; whoever goes on replaces the autosave left behind.
    """
    at, kept, owner_shelf = desk(), store(), shelf()
    if at.busy and at.job is not None:
        at.job.stop()
    code = code or new_code()

    def work() -> Any:
        return filmed(train(spec, resume), film)

    def autosave(progress: Progress) -> None:
        tensors, meta = progress.state.resume_state()
        meta = {"shelf": owner_shelf, "name": title(spec), "step": progress.step, "state": meta}
        kept.autosaves.autosave(code, {**tensors, **film_tensors(progress.film)}, meta)

    def done(progress: Progress) -> None:
        model = progress.state.model()
        reading = Truth.of(spec.distribution.build(), PARTICLES).sliced_wasserstein(
            samples(model).xs[-1]
        )
        figures = {"distance": reading.value, "floor": reading.floor}
        kept.save(
            Run(
                title(spec),
                spec_json(spec),
                progress.state.weights(),
                {"losses": progress.state.losses, **film_tensors(progress.film)},
                {"seconds": progress.state.seconds, **figures},
            ),
            owner_shelf,
        )
        kept.autosaves.discard(code)

    at.spec, at.code = spec, code
    at.job = at.pool.submit(at.owner, title(spec), work, done, autosave)


def go_on(steps: int, lr: float) -> None:
    """Train the network at hand for `steps` more, from where it stopped, at this learning rate."""
    at = desk()
    progress = at.progress
    if progress is None or at.spec is None:
        return
    config = replace(at.spec.config, steps=progress.step + steps, lr=lr)
    begin(replace(at.spec, config=config), progress.state.resume_state(), progress.film, at.code)


def take_up(left: Unfinished) -> None:
    """Go on with a training that a closed tab or a killed server left."""
    tensors, meta = store().autosaves.load(left.job_id)
    state = {name: part for name, part in tensors.items() if not name.startswith("film.")}
    spec = from_json(meta["state"]["spec"])
    begin(spec, (state, meta["state"]), film_from(tensors), left.job_id)


def left_behind() -> list[Unfinished]:
    """Trainings of this shelf that nobody goes on with."""
    mine = shelf()
    return [
        left
        for left in store().autosaves.unfinished()
        if isinstance(left.meta, dict) and left.meta.get("shelf") == mine
    ]


def samples(model: Model) -> Trajectory:
    """A thousand particles from noise to data by the model, from the noise of its seed."""
    rng = Generator().manual_seed(10_000 + model.spec.seed)
    start = model.process.prior((PARTICLES, model.spec.dim), rng)
    entry = SAMPLERS[SAMPLER]
    return race(entry, entry.build(), model.process, model.score, start, STEPS, model.spec.seed)


def says(job: Job[Progress] | None) -> str:
    """How the job stands, in one line of Markdown."""
    at = desk()
    if job is None:
        return f"Trains on {device_name()}; {at.pool.workers} at a time on this server."
    if job.status is Status.WAITING:
        return f"Waiting: place {job.position or 1} in the queue."
    progress = job.latest
    if job.status is Status.RUNNING:
        if progress is None:
            return "Starting."
        state = progress.state
        left = (state.steps - state.step) * state.seconds / max(state.step, 1)
        return f"{job.progress:.0%} of {state.steps:,} steps, about {left:.0f} s left."
    if job.status is Status.DONE:
        seconds = progress.state.seconds if progress else 0.0
        kept = "" if job.note else " and kept in *My runs*"
        return f"Trained in {seconds:.1f} s{kept}."
    return "Stopped. It can be continued." if job.status is Status.STOPPED else "Ended."


def device_name() -> str:
    """The device that trainings use, in words."""
    kind = best_device().type
    return {"cuda": "the GPU (CUDA)", "mps": "the GPU (MPS)"}.get(kind, "one core of the CPU")


def in_short(card: Card) -> str:
    """A run's figures in a line; what its file lacks is left out."""
    metrics = card.metrics
    parts = []
    if metrics.get("floor", 0) > 0 and "distance" in metrics:
        parts.append(f"distance {metrics['distance'] / metrics['floor']:.1f} × the floor")
    if "seconds" in metrics:
        parts.append(f"{metrics['seconds']:.1f} s of training")
    return " · ".join(parts)


def add_run(data: bytes) -> Card:
    """Put an uploaded run on this session's shelf, once its model has been built and asked."""
    run = unpack(data)
    model = Model.of(from_json(run.spec), run.weights)
    samples(model)
    return store().import_bytes(data, shelf())


def resume_left(left: Unfinished) -> None:
    """`take_up`, and on to the page that shows it. A callback."""
    if attempt(take_up, left):
        st.session_state["_opened"] = True


def attempt(action: Callable[..., Any], *args: Any) -> bool:
    """Do what touches the shelf; whether it could be done, else the page says why. A callback.

    Another tab may have deleted what this one still shows.
    """
    try:
        action(*args)
    except (ValueError, OSError, KeyError) as problem:
        st.session_state["_refused"] = str(problem)
        return False
    return True
