"""A `UNet2DModel` of the library diffusers as a network for pictures. The library is optional."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor, nn

PACKAGE = "diffusers"
OLD_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""What the layers of attention were called before diffusers 0.12, and are called now."""


class DiffusersUNet(nn.Module):
    """(x, t, labels) → what the U-Net predicts, its own time counted in `steps`.

    diffusers counts the steps of a chain from 0, and its step 0 has noise already: it is i − 1 for
    the time i/T of `LinearDDPM`. Between the steps the sinusoids of its time take fractions.
    """

    def __init__(self, unet: nn.Module, steps: int) -> None:
        super().__init__()
        self.unet, self.steps = unet, steps

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """A prediction of x's shape (B, 3, 32, 32) at t () or (B,); labels are not looked at."""
        step = (t.double().cpu() * self.steps - 1).clamp_min(0)
        return cast(Tensor, self.unet(x, step.to(x).expand(len(x)), return_dict=False)[0])


def installed() -> bool:
    """Whether the library is there; it is not imported, which takes seconds."""
    return importlib.util.find_spec(PACKAGE) is not None


def unet_of(config: Mapping[str, Any], steps: int) -> DiffusersUNet:
    """A network of this configuration with fresh weights; ModuleNotFoundError without the library.

    Raises what the library raises for a configuration that it cannot build.
    """
    from diffusers import UNet2DModel

    return DiffusersUNet(UNet2DModel.from_config(dict(config)), steps)


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors that a `UNet2DModel` saved, as `DiffusersUNet` calls them, in single precision."""
    pattern = re.compile(rf"(\.attentions\.\d+)\.({'|'.join(OLD_NAMES)})\.")
    return {
        "unet." + pattern.sub(lambda m: f"{m[1]}.{OLD_NAMES[m[2]]}.", name): tensor.float()
        for name, tensor in tensors.items()
    }
