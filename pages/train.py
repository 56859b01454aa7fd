"""Train a network in the session and watch its score take shape beside the exact one."""

import streamlit as st

from explorer.code.recipes import train as code
from explorer.training.presets import DEFAULT, MOONS, SCRATCH_1D, SCRATCH_2D, TUTORIAL
from explorer.ui import controls, frame, learning, resuming, shelf, train_panels, train_scenes
from explorer.ui.code import show_code
from explorer.ui.house import tick
from explorer.ui.job_bar import job_bar
from explorer.ui.player import player
from explorer.ui.train_controls import choose_training, keys_of

frame.page(
    "Train",
    intro=r"A network learns the score from noised data alone: it sees $x_t$ and $t$, guesses the "
    r"noise in it, and the squared error teaches it $\nabla\log p_t$.",
)
controls.presets(
    {
        "Ours, two moons": keys_of(DEFAULT),
        "Score tutorial, λ = 25": keys_of(TUTORIAL),
        "DDPM note, moons": keys_of(MOONS),
        "From scratch, 1D": keys_of(SCRATCH_1D),
        "From scratch, spiral": keys_of(SCRATCH_2D),
    }
)

narrow, wide = frame.stage()
with narrow:
    spec, problem = choose_training()
scale = 1.4 if frame.projector() else 1.0
resuming.open_by_link()
desk = learning.desk()
ticking, learned = desk.busy, desk.progress is not None


@st.fragment(run_every=tick() if ticking else None)
def live() -> None:
    """All that changes while the network learns, and no more: a hall may be waiting."""
    job, progress = desk.job, desk.progress
    if (desk.busy, progress is not None) != (ticking, learned):  # begun, taken up, or ended
        st.rerun()
    job_bar(
        job,
        desk.busy,
        key="train-bar",
        begin=learning.begin,
        args=(spec,),
        says=learning.says(job),
        disabled=spec is None,
        more=_go_on if progress is not None and spec is not None else None,
    )
    if problem:
        st.warning(problem)
    if progress is not None:
        _learned(progress)


def _go_on() -> None:
    assert spec is not None
    train_panels.go_on(spec.config.steps, spec.config.lr)


def _learned(progress: learning.Progress) -> None:
    state = progress.state
    if desk.learns or len(progress.film) < 2:
        key = (desk.code, scale)
        look = desk.watched.get(key, lambda: train_scenes.look(state.model(), scale))
    else:
        steps = [shot.step for shot in progress.film]
        step = st.select_slider(
            "Training step",
            steps,
            steps[-1],
            key="_film",
            help="The network as it was after so many updates of its weights.",
        )
        model = progress.film[steps.index(step)].model(state.spec)
        look = train_scenes.look_back(model, desk.code, step, scale)
    player(
        look.scene.panes,
        key="learned",
        clock=look.scene.clock,
        height=frame.height(350),
        position=1.0,
        autoplay=False,
    )
    train_panels.figures(state, look.distance)
    train_panels.charts(state, scale)


with wide:
    resuming.refusal()
    if desk.job is None and desk.opened is None:
        resuming.interrupted(most=2, kind=resuming.POINTS)
    live()
    if not learned and spec is not None:
        train_panels.before(spec, scale)
    if shown := desk.spec or spec:
        if desk.continued:
            st.caption(
                "This training was continued. The code trains as many steps in one go: its numbers "
                "are near these, and not the same."
            )
        show_code(code.recipe(shown))
shelf.remember()
