"""A job of a session and the bar over it: one button, the queue's word, progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st

from explorer.training.job import Job, Update
from explorer.training.jobs import Status

U = TypeVar("U", bound=Update)


@dataclass(eq=False)
class JobDesk(Generic[U]):
    """What one session has running in one place, if anything."""

    job: Job[U] | None = None

    @property
    def busy(self) -> bool:
        return self.job is not None and not self.job.status.is_final


def job_bar(
    job: Job[Any] | None,
    running: bool,
    *,
    key: str,
    begin: Callable[..., None],
    args: tuple[Any, ...],
    says: str,
    label: str = "Train",
    help: str | None = None,
    disabled: bool = False,
    more: Callable[[], None] | None = None,
) -> None:
    """A button that begins, or stops while `running`; what is said of it; and what went wrong.

    begin: a callback with `args`.  says: one line of Markdown.  more: draws further buttons beside
    the first while nothing runs.
    """
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        if running and job is not None:
            st.button("Stop", icon=":material/stop:", on_click=job.stop)
        else:
            st.button(
                label,
                icon=":material/play_arrow:",
                type="primary",
                help=help,
                disabled=disabled,
                on_click=begin,
                args=args,
            )
            if more:
                more()
        st.markdown(says)
    if job is not None:
        if running:
            st.progress(job.progress)
        troubles(job)


def waits(job: Job[Any]) -> str:
    """What is said of a job that waits for others: its place, and what can be done meanwhile."""
    return (
        f"Waiting: place {job.position or 1} in the queue. It begins by itself. Other pages can be "
        "used meanwhile; the button Stop leaves the queue."
    )


def troubles(job: Job[Any]) -> None:
    """What is wrong with a job, and what can be done about it; mostly nothing."""
    if job.silent >= job.pool.silent_after:
        st.warning(
            f"No sign of life for {job.silent:.0f} s. After {job.pool.hang_after:.0f} s the job is "
            "given up and others have their turn; **Stop** gives it up now."
        )
    if job.status is Status.WAITING and job.pool.standing().stuck:
        st.warning(
            "Every worker of this server hangs. Whoever runs it has to start it anew; finished "
            "runs and autosaves stay."
        )
    if job.status is Status.FAILED:
        st.error("This has failed.")
        st.text(job.error)  # it may quote a stranger: neither Markdown nor HTML
    if job.note:
        st.warning(job.note)
    if job.unsaved is not None:
        st.button("Save again", icon=":material/save:", on_click=job.save_again)
