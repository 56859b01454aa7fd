"""What the scripts on latent diffusion have in common: two networks, each in its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from explorer.code.recipes import learned
from explorer.code.recipes.learned import Trained


@dataclass(frozen=True)
class LatentFiles:
    """A trained model of a VAE's latents, and the file of the VAE's weights with what reads it."""

    model: Trained
    vae_file: str
    read_vae: Callable[[], bytes]

    def files(self) -> dict[str, Callable[[], bytes]]:
        return {self.model.file: self.model.read, self.vae_file: self.read_vae}


IMPORTS = f"""{learned.IMPORTS}
from explorer.diffusion.trajectory import exact_score, simulate
from explorer.networks.vae import CLEAR, VAE
"""

LOAD = f"""{learned.LOAD}
vae = VAE()
vae.load_state_dict(load_file(sys.argv[2] if len(sys.argv) > 2 else vae_weights))
vae.requires_grad_(False)
score = exact_score(distribution, process) if exact else model.score
"""
