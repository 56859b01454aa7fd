"""What is known of a network for pictures that diffusers saved: its two configurations, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass

from explorer.diffusion.spec import ProcessSpec
from explorer.networks.diffusers_unet import DiffusersUNet, unet_of
from explorer.networks.unet import ImageNetwork


@dataclass(frozen=True)
class DiffusersSpec:
    """A `UNet2DModel` for pictures of 3×32×32 that was trained on DDPM's chain without classes.

    `kind`: what it predicts; `config`: its configuration in JSON; `dataset`: see `Described`.
    """

    name: str
    dataset: str
    process: ProcessSpec
    kind: str
    config: str

    @property
    def label(self) -> str:
        return f"diffusers · {self.name}"

    @property
    def entry(self) -> ImageNetwork:
        steps = int(dict(self.process.values)["steps"])
        return ImageNetwork(
            lambda process: unet_of(json.loads(self.config), steps),
            self.name,
            source="Ho et al. 2020",
            network=DiffusersUNet,
            kind=self.kind,
            large=True,
        )
