"""What denoisings of pictures a page asks for, as names and numbers that can be kept in JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from explorer.data.images import CLASSES
from explorer.diffusion.process import Process
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.steps import Step
from explorer.networks.image_unet import NO_LABEL
from explorer.registry import pick
from explorer.training.files import DamagedFile

MOST_PICTURES, MOST_STEPS, MOST_LANES = 40, 400, 4


@dataclass(frozen=True)
class Lane:
    """A sampler by its name in `SAMPLERS`, with the numbers that differ from its defaults."""

    sampler: str
    values: tuple[tuple[str, float | int], ...] = ()

    @property
    def label(self) -> str:
        return SAMPLERS[self.sampler].label

    def step(self) -> Step:
        return SAMPLERS[self.sampler].build(dict(self.values))


@dataclass(frozen=True)
class Request:
    """One picture for each of `labels` (−1: no label) from each of `lanes`, all from the same x_T.

    `start`: "own", for each picture an x_T of its own; "one", the same x_T for all; "between", x_T
    on the great circle from that of `seed` to that of `other`.
    Raises ValueError for what is unknown, not a number, or beyond what a page computes.
    """

    checkpoint: str
    lanes: tuple[Lane, ...]
    steps: int
    labels: tuple[int, ...]
    guidance: float = 1.0
    seed: int = 0
    start: str = "own"
    other: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.lanes) <= MOST_LANES:
            raise ValueError(f"{len(self.lanes)} samplers; give 1 to {MOST_LANES}")
        for lane in self.lanes:
            pick(SAMPLERS, lane.sampler)
            if SAMPLERS[lane.sampler].adaptive:
                raise ValueError(f"{lane.label} chooses its own steps; take one that is told them")
            lane.step()
        if not 1 <= self.steps <= MOST_STEPS:
            raise ValueError(f"steps={self.steps} must lie between 1 and {MOST_STEPS}")
        if not 1 <= len(self.labels) <= MOST_PICTURES:
            raise ValueError(f"{len(self.labels)} pictures; give 1 to {MOST_PICTURES}")
        if not all(NO_LABEL <= label < CLASSES for label in self.labels):
            raise ValueError(f"labels {self.labels} must lie between {NO_LABEL} and {CLASSES - 1}")
        if not 0 <= self.guidance <= 20:
            raise ValueError(f"guidance={self.guidance} must lie between 0 and 20")
        if self.start not in ("own", "one", "between"):
            raise ValueError(f"start={self.start!r} is unknown; choose own, one or between")

    def noise(self, process: Process) -> Tensor:
        """x_T (B, 3, 32, 32), the same for every lane."""
        count = len(self.labels)
        shape = (1 if self.start == "one" else count, 3, 32, 32)
        if self.start != "between":
            x = process.prior(shape, Generator().manual_seed(self.seed))
            return x.expand(count, -1, -1, -1).contiguous()
        ends = [
            process.prior((1, 3, 32, 32), Generator().manual_seed(seed))
            for seed in (self.seed, self.other)
        ]
        return slerp(ends[0], ends[1], torch.linspace(0, 1, count))

    def told(self) -> Tensor | None:
        """Labels (B,), or None where no picture has one."""
        if all(label == NO_LABEL for label in self.labels):
            return None
        return torch.tensor(self.labels)


def slerp(a: Tensor, b: Tensor, shares: Tensor) -> Tensor:
    """Points (S, *D) on the great circle from a (1, *D) to b, at `shares` (S,) of the angle.

    On the straight line two independent noises would shrink to 1/√2 halfway, a length that no noise
    of so many dimensions has.  Source: Shoemake 1985.
    """
    cosine = (a * b).sum() / (a.norm() * b.norm())
    angle = torch.arccos(cosine.clamp(-1, 1))
    share = shares.reshape(-1, *[1] * (a.ndim - 1)).to(a)
    if float(angle.sin()) < 1e-4:
        return torch.lerp(a, b, share)
    return (((1 - share) * angle).sin() * a + (share * angle).sin() * b) / angle.sin()


def to_json(request: Request) -> dict[str, Any]:
    """The request as JSON knows it; `from_json` gives it back."""
    lanes = [{"sampler": lane.sampler, "values": dict(lane.values)} for lane in request.lanes]
    return asdict(request) | {"lanes": lanes, "labels": list(request.labels)}


def from_json(value: Any) -> Request:
    """The request that `to_json` wrote; DamagedFile where anything is off."""
    try:
        lanes = tuple(
            Lane(lane["sampler"], tuple(sorted(lane["values"].items()))) for lane in value["lanes"]
        )
        rest = {name: part for name, part in value.items() if name not in ("lanes", "labels")}
        for name in ("steps", "seed", "other"):
            rest[name] = int(rest[name])
        labels = tuple(int(label) for label in value["labels"])
        return Request(lanes=lanes, labels=labels, **rest)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DamagedFile(f"the request of the film is unusable ({repr(error)[:200]})") from error
