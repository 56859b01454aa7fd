"""Films of pictures as panes on one clock, made once for all who look at the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.data.images import CLASSES, PICTURE_SETS
from explorer.figures import image_grids
from explorer.figures.layers import Clock, Floats, Pane
from explorer.figures.palette import VERMILLION
from explorer.training.image_films import Denoising, Film, Pixels
from explorer.training.image_folder import Checkpoint
from explorer.training.image_request import Request
from explorer.ui.cache import cached
from explorer.ui.scenes import Scene

STILL = np.zeros(1)


@dataclass(frozen=True)
class Look:
    """How films are laid out: `both`, x_t over x̂_0 for each lane; else one pane a lane of `show`.

    columns: pictures to a row.  across: panes beside each other.  named: whether the columns bear
    the classes' names.  framed: places of pictures that get a frame once they are finished.
    """

    both: bool
    columns: int
    across: int = 1
    show: str = "x_t"
    named: bool = False
    scale: float = 1.0
    framed: tuple[int, ...] = ()


def _panes(
    checkpoint: Checkpoint,
    request: Request,
    look: Look,
    x_t: Pixels,
    x0_hat: Pixels,
    times: Floats,
    evaluations: tuple[int, ...] = (),
) -> tuple[Pane, ...]:
    """Panes of (L, F, B, 32, 32, 3), two a lane or one."""
    classes = PICTURE_SETS[checkpoint.spec.dataset].classes if look.named else ()
    labels = classes if look.columns == CLASSES else ()
    panes = []
    for k, lane in enumerate(request.lanes):
        shown = (("xₜ", x_t), ("x̂₀", x0_hat)) if look.both else ((look.show, None),)
        for name, pixels in shown:
            if pixels is None:
                pixels = x_t if look.show == "x_t" else x0_hat
            title = f"{name} · {lane.label}" if look.both else lane.label
            note = f"{evaluations[k]} evaluations" if evaluations and not look.both else ""
            pane = image_grids.grid(
                pixels[k],
                times,
                look.columns,
                title=title,
                note=note,
                column_labels=labels,
                scale=look.scale,
            )
            panes.append(pane)
    return tuple(panes)


@cached
def film_scene(
    _film: Film, _checkpoint: Checkpoint, folder: str, request: Request, seconds: float, look: Look
) -> Scene:
    """A whole film, known by where its network lies, what it shows, and how long it took."""
    x_t, x0_hat = _framed(_film.x_t, look.framed), _framed(_film.x0_hat, look.framed)
    panes = _panes(_checkpoint, request, look, x_t, x0_hat, _film.times, _film.evaluations)
    return Scene(panes, Clock("σ/α", _film.ratios, steps=request.steps))


def _framed(pixels: Pixels, places: tuple[int, ...]) -> Pixels:
    """Films (L, F, B, H, W, 3) with a line around the pictures at `places` of the last frame."""
    if not places:
        return pixels
    pixels, colour = pixels.copy(), [int(VERMILLION[k : k + 2], 16) for k in (1, 3, 5)]
    ends = pixels[:, -1, list(places)]
    ends[:, :, [0, -1]] = ends[:, :, :, [0, -1]] = colour
    pixels[:, -1, list(places)] = ends
    return pixels


def now(checkpoint: Checkpoint, request: Request, look: Look, at: Denoising) -> tuple[Pane, ...]:
    """How far a denoising is, as panes that stand still."""
    return _panes(checkpoint, request, look, at.x_t[:, None], at.x0_hat[:, None], STILL)
