"""Denoising pictures step by step: a generator that can be watched, and the film it leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor

from explorer.data.images import to_bytes
from explorer.diffusion.process import Process
from explorer.diffusion.trajectory import CountedScore, walk
from explorer.training.image_model import ImageModel
from explorer.training.image_request import Request

FRAMES = 21
"""At most so many frames of a lane are kept, evenly over its steps, both ends among them."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Film:
    """x_t and x̂_0 of every lane: (L, F, B, 32, 32, 3) in uint8, at the steps `places` (F,).

    `ratios` (S+1,): σ/α at each of the S steps' ends.  `evaluations` (L,) of the score, on the
    whole batch.  `seconds`: what it took, 0 for one that was not made here.  The last frame of both
    is x_0.
    """

    request: Request
    places: tuple[int, ...]
    ratios: tuple[float, ...]
    x_t: Pixels
    x0_hat: Pixels
    evaluations: tuple[int, ...]
    seconds: float

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """The frames' clock coordinates (F,)."""
        return np.array(self.places) / self.request.steps


@dataclass(frozen=True, eq=False)
class Denoising:
    """How far a denoising is: the latest x_t and x̂_0 (L, B, 32, 32, 3), at last the film.

    A lane that has not begun shows x_T and no estimate, mid-grey.
    """

    step: int
    steps: int
    x_t: Pixels
    x0_hat: Pixels
    film: Film | None = None


def visible(x: Tensor, process: Process, t: Tensor) -> Pixels:
    """x_t (B, 3, H, W) as bytes (B, H, W, 3), divided by α + 2σ: noise of any size can be seen.

    Of pure noise 5 % of the pixels' channels lie beyond black or white, as ±2σ does.
    """
    level = process.level(t)
    return as_pixels(x / (level.alpha + 2 * level.sigma))


def as_pixels(x: Tensor) -> Pixels:
    """(B, 3, H, W) in [−1, 1] as bytes (B, H, W, 3)."""
    return np.ascontiguousarray(to_bytes(x).permute(0, 2, 3, 1).cpu().numpy())


def kept_steps(steps: int) -> tuple[int, ...]:
    """The steps of which a frame is kept, 0 and `steps` among them."""
    count = min(FRAMES, steps + 1)
    return tuple(np.unique(np.linspace(0, steps, count).round().astype(int)).tolist())


def opening(request: Request, process: Process) -> Denoising:
    """Where a denoising begins: x_T in every lane."""
    lanes = len(request.lanes)
    noise = visible(request.noise(process), process, process.grid(request.steps)[0])
    x_t = np.repeat(noise[None], lanes, axis=0)
    return Denoising(0, lanes * request.steps, x_t, np.full_like(x_t, 128))


def ratio_at(request: Request, process: Process, step: int) -> float:
    """σ/α after `step` steps in all, of which each lane takes `request.steps`."""
    level = process.level(process.grid(request.steps)[step % request.steps])
    return level.sigma / level.alpha


@torch.inference_mode()
def denoise(model: ImageModel, request: Request, device: torch.device) -> Iterator[Denoising]:
    """One update for every step of every lane; the last one brings the film.

    The lanes share x_T, and each draws its own noise from the request's seed.
    """
    process, steps = model.process, request.steps
    labels = request.told()
    score = model.score(None if labels is None else labels.to(device), request.guidance)
    start, ts = request.noise(process).to(device), process.grid(steps)
    places, begun = kept_steps(steps), time.perf_counter()
    now = opening(request, process)
    x_t, x0_hat = now.x_t.copy(), now.x0_hat.copy()
    films: list[tuple[Pixels, Pixels]] = []
    evaluations = []
    for number, lane in enumerate(request.lanes):
        rng = Generator(device=device).manual_seed(request.seed + 1)
        counted, x, frames = CountedScore(score), start, []
        for k, (s, result) in enumerate(walk(process, counted, lane.step(), x, ts, rng)):
            shown = as_pixels(result.info["x0_hat"])
            if k in places:
                frames.append((visible(x, process, ts[k]), shown))
            x = result.x
            last = k == steps - 1
            x_t[number] = visible(x, process, s)
            x0_hat[number] = x_t[number] if last else shown
            if not (last and number == len(request.lanes) - 1):
                done = number * steps + k + 1
                yield Denoising(done, now.steps, x_t.copy(), x0_hat.copy())
        frames.append((x_t[number].copy(), x_t[number].copy()))
        films.append((np.stack([a for a, _ in frames]), np.stack([b for _, b in frames])))
        evaluations.append(counted.calls)
    film = Film(
        request,
        places,
        tuple(level.sigma / level.alpha for level in map(process.level, ts)),
        np.stack([a for a, _ in films]),
        np.stack([b for _, b in films]),
        tuple(evaluations),
        time.perf_counter() - begun,
    )
    yield Denoising(now.steps, now.steps, x_t, x0_hat, film)


def filmed(model: ImageModel, request: Request, device: torch.device) -> Film:
    """The film alone."""
    *_, last = denoise(model, request, device)
    if last.film is None:
        raise ValueError("the denoising ended before its film")
    return last.film
