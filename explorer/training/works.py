"""What the pages give to the queue, as frozen things that any machine can be sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from explorer.data.images import Pictures
from explorer.training import image_lesson, labelled
from explorer.training.engine import Work
from explorer.training.film import Progress, Snapshot, filmed
from explorer.training.image_films import Denoising, denoise
from explorer.training.image_folder import Checkpoint
from explorer.training.image_request import Request
from explorer.training.image_shelf import CPU, SHELF
from explorer.training.image_spec import ImageSpec
from explorer.training.labelled import LabelledSpec
from explorer.training.latents import LatentSpec, LatentState, train_latent
from explorer.training.rescue import enduring
from explorer.training.spec import ModelSpec
from explorer.training.train import Resume


@dataclass(frozen=True, eq=False)
class Training(Work[Progress]):
    """A network learns the score of points; `resume` and `film` are what it goes on from."""

    spec: ModelSpec
    resume: Resume | None = None
    film: tuple[Snapshot, ...] = ()
    uses_gpu: ClassVar[bool] = True

    def __call__(self) -> Iterator[Progress]:
        return filmed(enduring(self.spec, self.resume), self.film)

    def after(self, last: Progress) -> Training:
        return replace(self, resume=last.state.resume_state(), film=last.film)

    def parcel(self, update: Progress, sent: Progress | None) -> Progress:
        """The film grows to megabytes, so that only its new part travels."""
        known = sent.film if sent is not None else self.film
        new = tuple(shot for shot in update.film if all(shot is not old for old in known))
        return Progress(update.state.on_cpu(), new)

    def opened(self, parcel: Progress, had: Progress | None) -> Progress:
        known = had.film if had is not None else self.film
        back = min([parcel.step + 1, *(shot.step for shot in parcel.film)])  # a GPU may have failed
        return replace(parcel, film=(*(s for s in known if s.step < back), *parcel.film))


@dataclass(frozen=True, eq=False)
class LatentTraining(Work[LatentState]):
    """A VAE learns, then a network the score of its latents."""

    spec: LatentSpec
    resume: Resume | None = None
    uses_gpu: ClassVar[bool] = True

    def __call__(self) -> Iterator[LatentState]:
        return train_latent(self.spec, resume=self.resume)

    def after(self, last: LatentState) -> LatentTraining:
        return replace(self, resume=last.resume_state())

    def parcel(self, update: LatentState, sent: LatentState | None) -> LatentState:
        model = update.diffusion
        return replace(update, diffusion=model.on_cpu() if model is not None else None)


@dataclass(frozen=True, eq=False)
class LabelledTraining(Work[labelled.Lesson]):
    """A network learns classes with some labels hidden. It takes seconds, and is begun anew."""

    spec: LabelledSpec

    def __call__(self) -> Iterator[labelled.Lesson]:
        return labelled.train(self.spec)


@dataclass(frozen=True, eq=False)
class DigitsTraining(Work[image_lesson.Lesson]):
    """Two convolutions learn digits. It takes half a minute, and is begun anew."""

    spec: ImageSpec
    data: Pictures
    held_out: Pictures

    def __call__(self) -> Iterator[image_lesson.Lesson]:
        return image_lesson.lesson(self.spec, self.data, self.held_out)


@dataclass(frozen=True, eq=False)
class Sampling(Work[Denoising]):
    """Pictures from noise. It takes seconds, and is begun anew."""

    checkpoint: Checkpoint
    request: Request
    self_contained: ClassVar[bool] = False

    def __call__(self) -> Iterator[Denoising]:
        return denoise(SHELF.model(self.checkpoint), self.request, CPU)
