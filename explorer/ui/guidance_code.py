"""The code behind guidance, with the weights of its networks as a file to take home."""

from __future__ import annotations

from explorer.code.recipe import Recipe
from explorer.code.recipes import guidance
from explorer.training.labelled import BUNDLED, FOLDER
from explorer.ui.guidance_scenes import STEPS, Guide


def recipe(guide: Guide) -> Recipe:
    """What "Show me the code" shows of this guide."""
    weights = FOLDER / guide.data / "weights.safetensors"
    return guidance.recipe(
        guide.data,
        guide.process,
        guide.label,
        guide.scale,
        guide.blur,
        guide.within,
        guide.sampler,
        STEPS[guide.sampler],
        guide.seed,
        BUNDLED[guide.data] if guide.network else None,
        {f"{guide.data}.safetensors": weights.read_bytes} if guide.network else {},
    )
