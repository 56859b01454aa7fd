"""Steps against quality, measured while it is watched."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import streamlit as st
from torch import Generator

from explorer.quality import Quality, steps_against_quality
from explorer.ui.learned_scenes import PARTICLES, rivals_of, truth_of


@dataclass(eq=False)
class Growing:
    """Steps against quality while it is measured: whoever looks at it drives it on."""

    going: Iterator[Quality]
    found: list[Quality] = field(default_factory=list)
    done: bool = False
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def advance(self, seconds: float) -> None:
        """Measure for about so long, or until all is done."""
        until = time.monotonic() + seconds
        while not self.done and time.monotonic() < until:
            with self._one_at_a_time:
                quality = next(self.going, None)
                if quality is None:
                    self.done = True
                else:
                    self.found.append(quality)


@st.cache_resource(max_entries=8, show_spinner=False)
def growing_quality(name: str, with_exact: bool, seed: int) -> Growing:
    """All samplers from three thousand particles with 5 to 500 evaluations, not yet measured."""
    rivals = rivals_of(name)
    view = rivals.view
    rng = Generator().manual_seed(seed)
    start = view.process.prior((3 * PARTICLES, view.distribution.dim), rng)
    score = rivals.exact if with_exact else rivals.learned
    return Growing(steps_against_quality(view.process, score, truth_of(name), start, seed=seed))
