"""The weights of both networks of a latent diffusion, as files to take home beside a script."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from explorer.code.recipes.latent import LatentFiles
from explorer.code.recipes.learned import Trained
from explorer.training.files import tensor_bytes
from explorer.training.latents import FOLDER, WEIGHTS
from explorer.ui import learning
from explorer.ui.latent_scenes import RUN, latent


def latent_files(name: str) -> LatentFiles:
    """What a script needs of a pair, known by its name in `latent_scenes.choices`."""
    known = latent(name)
    read: Callable[[], bytes]
    if name.startswith(RUN):
        read = partial(learning.store().export_bytes, name.removeprefix(RUN))
    else:
        read = (FOLDER / name / WEIGHTS).read_bytes
    model = Trained(known.model.spec, f"{name}.safetensors", read)
    return LatentFiles(
        model, f"{name}-vae.safetensors", partial(tensor_bytes, known.vae.state_dict(), {})
    )
