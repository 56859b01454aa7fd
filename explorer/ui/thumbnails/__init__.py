"""The home page's pictures: small SVG drawings computed from the same mathematics as the pages.

They need NumPy alone, so that the home page opens before anything heavy is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from explorer.ui.thumbnails import (
    chains,
    estimation,
    guided,
    images,
    latents,
    learning,
    lectures,
    mathematics,
    noise,
    words,
)
from explorer.ui.thumbnails.pen import HEIGHT, WIDTH

DRAWINGS: dict[str, Callable[[], str]] = {
    "stories": lectures.steps,
    "paths": noise.paths,
    "schedules": noise.schedules,
    "field": noise.field,
    "race": noise.race,
    "chains": chains.chains,
    "training": learning.training,
    "learned": learning.learned,
    "quality": learning.quality,
    "estimation": estimation.estimation,
    "latents": latents.latents,
    "seeds": latents.seeds,
    "guidance": guided.guidance,
    "steering": guided.steering,
    "mathematics": mathematics.mathematics,
    "words": words.words,
    "image-noise": images.noising,
    "image-samples": images.sampling,
    "image-race": images.lanes,
    "image-losses": images.losses,
}


@cache
def svg(name: str) -> str:
    """The drawing called `name`, as an SVG document without a background."""
    if name not in DRAWINGS:
        raise ValueError(f"{name!r} is unknown; choose one of {', '.join(DRAWINGS)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" fill="none">'
        f"{DRAWINGS[name]()}</svg>"
    )
