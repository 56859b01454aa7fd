"""Work that travels, for the tests of engines: it is told when to die, hang, or fail."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.training.config import TrainConfig
from explorer.training.engine import Work
from explorer.training.film import Progress
from explorer.training.spec import ModelSpec, NetworkSpec
from explorer.training.works import Training

SPEC = ModelSpec(
    DistributionSpec("moons"),
    ProcessSpec("cosine"),
    NetworkSpec("level", (("width", 16), ("depth", 2))),
    TrainConfig(steps=200, batch=64),
    seed=3,
)


@dataclass(frozen=True)
class Beat:
    """An update, and who sent it: the process, the step it began at, the GPUs it was given."""

    step: int
    steps: int
    pid: int
    began: int
    gpus: str


@dataclass(frozen=True, eq=False)
class Beating(Work[Beat]):
    """Counts to `steps`, one every hundredth of a second."""

    steps: int
    done: int = 0
    uses_gpu: ClassVar[bool] = True

    def __call__(self) -> Iterator[Beat]:
        gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        for step in range(self.done + 1, self.steps + 1):
            self.at(step)
            time.sleep(0.01)
            yield Beat(step, self.steps, os.getpid(), self.done, gpus)

    def after(self, last: Beat) -> Beating:
        return replace(self, done=last.step)

    def at(self, step: int) -> None:
        """What happens before a step."""


@dataclass(frozen=True, eq=False)
class Failing(Beating):
    """Comes upon a number that it cannot use."""

    def at(self, step: int) -> None:
        if step == 3:
            raise ValueError("rate=0 must be above 0")


@dataclass(frozen=True, eq=False)
class Hanging(Beating):
    """Falls silent at first, and works when taken up again."""

    def at(self, step: int) -> None:
        if step == 60 and self.done == 0:
            time.sleep(3600)


@dataclass(frozen=True, eq=False)
class Cpu(Beating):
    uses_gpu: ClassVar[bool] = False


@dataclass(frozen=True, eq=False)
class Killed(Training):
    """A training whose process is killed in the middle, once: when it finds no file `killed`."""

    killed: Path = Path()

    def __call__(self) -> Iterator[Progress]:
        for progress in super().__call__():
            time.sleep(0.02)
            yield progress
            if progress.step > progress.steps // 2 and not self.killed.exists():
                self.killed.touch()
                os.kill(os.getpid(), signal.SIGKILL)
