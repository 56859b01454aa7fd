"""The script of the page "Image forward"."""

from __future__ import annotations

import zlib
from base64 import b64encode
from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import image_weights
from explorer.training.image_folder import Checkpoint
from explorer.training.image_model import ImageModel
from explorer.training.image_noise import noise_read, noised, predictions

IMPORTS = """
import zlib
from base64 import b64decode

from torch import Generator

from explorer.data.images import to_unit
from explorer.training.image_noise import noise_read, noised, predictions
from explorer.training.image_spec import PRACTICAL
"""

REST = """
pixels = torch.frombuffer(bytearray(zlib.decompress(b64decode(pictures))), dtype=torch.uint8)
x0 = to_unit(pixels.reshape(-1, 3, 32, 32))
noise = torch.randn(x0.shape, generator=Generator().manual_seed(seed))
told = torch.tensor(labels) if labels else None
for step in (20, 100, 200, 400):
    t = torch.tensor(step / 400, dtype=torch.float64)
    eps_hat, x0_hat = predictions(model, x0, noise, t, told)
    read = noise_read(noised(x0, noise, t)).mean()
    sigma = float(PRACTICAL.build().sigma(t))
    error = (eps_hat - noise).square().mean()
    print(f"t={float(t):.2f} sigma={sigma:.3f} read={read:.3f} eps_error={error:.4f}")
"""


def forward_script(
    checkpoint: Checkpoint, pixels: bytes, labels: tuple[int, ...], seed: int
) -> str:
    """ε's error and the noise level read off the page's pictures, at four times."""
    settings = image_weights.settings(checkpoint) | {
        "pictures": b64encode(zlib.compress(pixels, 9)).decode(),
        "labels": labels,
        "seed": seed,
    }
    doc = "What a network takes for noise in pictures, and how much noise there is."
    body = image_weights.body(checkpoint, IMPORTS, REST)
    return made.script(doc, body, settings, keep=image_weights.kept(checkpoint))


def recipe(checkpoint: Checkpoint, pixels: bytes, labels: tuple[int, ...], seed: int) -> Recipe:
    """`forward_script` with what it needs."""
    network = checkpoint.spec.entry.network
    return Recipe(
        "image_forward",
        (
            r"x_t=\alpha_tx_0+\sigma_t\varepsilon",
            r"\hat\sigma=\operatorname{median}\lvert(a-b-c+d)/2\rvert\,/\,0.6745",
        ),
        (predictions, noised, noise_read, ImageModel.predict, network),
        partial(forward_script, checkpoint, pixels, labels, seed),
        image_weights.files(checkpoint),
    )
