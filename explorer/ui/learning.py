"""Trainings of this session: the server's queue, the one job at hand, and the shelf of its runs.

The worker threads touch none of this but the job, its hooks and the store.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st
from torch import Generator, Tensor

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.trajectory import Trajectory
from explorer.figures.stamps import stamp
from explorer.metrics import Truth
from explorer.training import ray_engine
from explorer.training.config import CONFIG_PARAMS
from explorer.training.engine import Engine, here, patient
from explorer.training.film import Progress, Snapshot, film_tensors
from explorer.training.jobs import Job, Pool, Status
from explorer.training.kept import from_stranger, run_of
from explorer.training.leases import KEEPER
from explorer.training.model import Model, best_device, has_failed
from explorer.training.process_engine import Processes
from explorer.training.spec import ModelSpec
from explorer.training.store import Card
from explorer.training.works import Training
from explorer.ui import workplace
from explorer.ui.helpers import HELPERS
from explorer.ui.holding import hold_of
from explorer.ui.job_bar import waits
from explorer.ui.paced import Paced
from explorer.ui.shelf import shelf, store
from explorer.ui.turns import TURNS

PARTICLES, SAMPLER, STEPS = 1000, "dpm", 20
"""How samples are drawn while a network learns: few evaluations, the same noise every time."""
MOST_STEPS = int(CONFIG_PARAMS["steps"].high)
"""Steps that one training may have in all, however often it is gone on with."""


TURN = 0.0005
"""Seconds after which a thread at work lets another have the interpreter (Python's own: 0.005).

A training asks for it at every tensor operation. Beside a page that computes without a pause it
makes 90–170 steps a second by Python's own turns and 190–250 by these; the page loses nothing.
"""


@st.cache_resource(show_spinner=False)
def pool() -> Pool:
    """The server's one queue; what it holds is done here, or on a Ray cluster if one is named."""
    sys.setswitchinterval(TURN)
    if address := os.environ.get(ray_engine.VARIABLE):
        cluster = ray_engine.connect(address)
        made = Pool(cluster.places, is_there=workplace.is_there, engine=cluster)
    else:
        engine: Engine = patient(here, lambda: TURNS.waiting > 0)
        if best_device().type == "cpu":
            engine = Processes(HELPERS.nursery, engine)
        made = Pool(is_there=workplace.is_there, engine=engine)
    atexit.register(KEEPER.let_go)  # after the next: who exits does the last thing first
    atexit.register(made.close)
    return made


@dataclass(eq=False)
class Desk:
    """What one session works at: its job, if any, and what that job trains."""

    pool: Pool
    owner: str
    job: Job[Progress] | None = None
    spec: ModelSpec | None = None
    code: str = ""
    """Names what is trained: its autosave, and its snapshots. It stays when a training goes on."""
    opened: Progress | None = None
    """Where the job went on from, or what was taken from the shelf to be looked at."""
    continued: bool = False  # whether the training went on after its end
    watched: Paced[Any] = field(default_factory=Paced)
    """The last look at the training while it goes on."""

    @property
    def busy(self) -> bool:
        return self.job is not None and not self.job.status.is_final

    @property
    def progress(self) -> Progress | None:
        latest = self.job.latest if self.job is not None else None
        return latest or self.opened

    @property
    def learns(self) -> bool:
        """Whether what there is to see changes by itself: a worker is at the job."""
        return self.busy and self.job is not None and self.job.latest is not None


def desk() -> Desk:
    """This session's. When its tab closes, its jobs leave the queue, unless it is soon back."""
    return workplace.desk("learning", lambda: Desk(pool(), workplace.here().owner))


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

    resume, film, code: what it goes on from. Raises Taken where another job goes on with that.
    """
    at, kept, owner_shelf = desk(), store(), shelf()
    code, hold = hold_of(code, at.code)
    if at.busy and at.job is not None:
        at.job.stop()
    jobs: list[Job[Progress]] = []

    def autosave(progress: Progress) -> None:
        tensors, meta = progress.state.resume_state()
        stopped = any(job.stopping for job in jobs)
        meta = {"shelf": owner_shelf, "name": title(spec), "step": progress.step, "state": meta}
        tensors |= film_tensors(progress.film)
        hold.take()
        kept.autosaves.autosave(code, tensors, {**meta, "stopped": stopped})

    def done(progress: Progress) -> None:
        distribution, end = spec.distribution.build(), samples(progress.state.model()).xs[-1]
        reading = Truth.of(distribution, PARTICLES).sliced_wasserstein(end)
        figures = {"distance": reading.value, "floor": reading.floor}
        hold.take()
        kept.save(run_of(progress, title(spec), figures), owner_shelf, stamp(distribution, end))
        kept.autosaves.discard(code)

    at.spec, at.code, at.opened, at.continued = spec, code, None, False
    at.job = at.pool.submit(at.owner, title(spec), Training(spec, resume, film), done, autosave)
    jobs.append(at.job)
    KEEPER.keep(at.job, hold)
    workplace.note(at.job, owner_shelf, code)
    forget_link()


def forget_link() -> None:
    """The page shows another training than the run that its link may name."""
    st.session_state.pop("_run", None)
    st.query_params.pop("run", None)


def go_on(steps: int, lr: float) -> None:
    """Train the network at hand for `steps` more, from where it stopped, at this learning rate.

    In all no more than a training may have.
    """
    at = desk()
    progress = at.progress
    if progress is None or at.spec is None or progress.step >= MOST_STEPS:
        return
    config = replace(at.spec.config, steps=min(progress.step + steps, MOST_STEPS), lr=lr)
    begin(replace(at.spec, config=config), progress.state.resume_state(), progress.film, at.code)
    at.opened, at.continued = progress, True


def samples(model: Model) -> Trajectory:
    """A thousand particles from noise to data by the model, from the noise of its seed."""
    rng = Generator().manual_seed(10_000 + model.spec.seed)
    start = model.process.prior((PARTICLES, model.spec.dim), rng)
    entry = SAMPLERS[SAMPLER]
    return race(entry, entry.build(), model.process, model.score, start, STEPS, model.spec.seed)


def says(job: Job[Progress] | None) -> str:
    """How the job stands, in one line of Markdown."""
    at = desk()
    if job is None and at.opened is not None:
        return f"After {at.opened.step:,} steps, as kept in *My runs*."
    if job is None:
        return f"Trains on {device_name()}; {at.pool.workers} at a time on this server."
    if job.status is Status.WAITING:
        return waits(job)
    progress = job.latest
    if job.status is Status.RUNNING:
        if progress is None:
            return "Starting."
        state = progress.state
        left = (state.steps - state.step) * state.seconds / max(state.step, 1)
        where = f" On {device_name()}." if has_failed() else ""
        return f"{job.progress:.0%} of {state.steps:,} steps, about {left:.0f} s left.{where}"
    if job.status is Status.DONE:
        seconds = progress.state.seconds if progress else 0.0
        kept = "" if job.note else " and kept in *My runs*"
        return f"Trained in {seconds:.1f} s{kept}."
    return "Stopped. It can be continued." if job.status is Status.STOPPED else "Ended."


def device_name() -> str:
    """The device that trainings use, in words."""
    if os.environ.get(ray_engine.VARIABLE):
        return "a worker of the cluster"
    core = (
        "one core of the CPU, since the GPU has failed" if has_failed() else "one core of the CPU"
    )
    return {"cuda": "the GPU (CUDA)", "mps": "the GPU (MPS)"}.get(best_device().type, core)


def in_short(card: Card) -> str:
    """A run's figures in a line; what its file lacks is left out."""
    metrics = card.metrics
    parts = []
    if metrics.get("floor", 0) > 0 and "distance" in metrics:
        parts.append(f"distance {metrics['distance'] / metrics['floor']:.1f} × the floor")
    if "clear" in metrics:
        parts.append(f"{metrics['clear']:.0%} decode clearly")
    if "seconds" in metrics:
        parts.append(f"{metrics['seconds']:.1f} s of training")
    return " · ".join(parts)


def add_run(data: bytes) -> Card:
    """Put an uploaded run on this session's shelf, once its model has been built and asked."""
    run, model = from_stranger(data)
    end = samples(model).xs[-1]
    if not end.isfinite().all():
        raise ValueError("the network's samples are not finite; train it anew")
    picture = stamp(model.spec.distribution.build(), end)
    return store().save(run, shelf(), picture)


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
