"""How well a network finds the noise at each noise level, and how well one can read its amount."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from explorer.data.images import Pictures
from explorer.diffusion.process import Process, expand
from explorer.training.image_model import PRACTICAL_STEPS, ImageModel
from explorer.training.image_spec import PRACTICAL


def practical_steps(count: int) -> Tensor:
    """(count,) times of the practical's chain, from its first step to its last, in float64."""
    return torch.linspace(1, PRACTICAL_STEPS, count, dtype=torch.float64).round() / PRACTICAL_STEPS


def own_time(model_process: Process, t: Tensor) -> Tensor:
    """The time at which `model_process` has the σ/α of the practical's chain at t."""
    yardstick = PRACTICAL.build()
    return model_process.time_at(yardstick.sigma(t) / yardstick.alpha(t))


def predictions(
    model: ImageModel, x0: Tensor, noise: Tensor, t: Tensor, labels: Tensor | None
) -> tuple[Tensor, Tensor]:
    """ε̂ and x̂_0 (B, 3, 32, 32) for data x0 with `noise` at the practical's time t ().

    A network that was trained on another process sees the same picture in its own scale.
    """
    process = model.process
    own = own_time(process, t)
    x = process.alpha(own) * x0 + process.sigma(own) * noise
    with torch.inference_mode():
        eps_hat = model.predict("eps", x.to(x0.dtype), own, labels)
        level = process.level(own)
        return eps_hat, (x.to(x0.dtype) - level.sigma * eps_hat) / level.alpha


def predictions_at(
    model: ImageModel, x0: Tensor, noise: Tensor, ts: Tensor, labels: Tensor | None
) -> tuple[Tensor, Tensor]:
    """`predictions` at all times ts (T,), as (T, B, 3, 32, 32) each: the network is asked once."""
    count, process = len(ts), model.process
    own = own_time(process, ts).repeat_interleave(len(x0))
    many, eps = (part.repeat(count, 1, 1, 1) for part in (x0, noise))
    alpha, sigma = (expand(scale, many) for scale in (process.alpha(own), process.sigma(own)))
    x = (alpha * many + sigma * eps).to(x0.dtype)
    told = None if labels is None else labels.repeat(count)
    with torch.inference_mode():
        eps_hat = model.predict("eps", x, own, told)
        x0_hat = (x - sigma.to(x.dtype) * eps_hat) / alpha.to(x.dtype)
    each = (count, *x0.shape)
    return eps_hat.reshape(each), x0_hat.reshape(each)


def error_by_time(
    model: ImageModel, data: Pictures, ts: Tensor, count: int, seed: int
) -> list[float]:
    """‖ε̂ − ε‖² per number at each of the practical's times ts (T,), on `count` of the data.

    The same pictures and the same noise at every time.
    """
    rng = Generator().manual_seed(seed)
    index = torch.randperm(len(data), generator=rng)[:count]
    x0, labels = data.batch(index), data.labels[index]
    noise = torch.randn(x0.shape, generator=rng)
    found = []
    for t in ts:
        parts = zip(x0.split(32), noise.split(32), labels.split(32), strict=True)
        errors = [
            (predictions(model, x, eps, t, told)[0] - eps).square().sum() for x, eps, told in parts
        ]
        found.append(float(torch.stack(errors).sum()) / x0.numel())
    return found


def noise_read(x: Tensor) -> Tensor:
    """σ̂ (B,) of pictures (B, C, H, W), from nothing but their finest diagonal detail.

    On 2×2 blocks the difference of differences (a − b − c + d)/2 has the noise's own σ, while what
    is smooth in a picture cancels; its median size over 0.6745 is the σ of a Gaussian.
    Source: Donoho and Johnstone 1994, section 4.1, with Haar's wavelet.
    """
    a, b = x[..., ::2, ::2], x[..., ::2, 1::2]
    c, d = x[..., 1::2, ::2], x[..., 1::2, 1::2]
    detail = ((a - b - c + d) / 2).flatten(1)
    return detail.abs().median(dim=1).values / 0.6745


def noised(x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """x_t of the practical's chain at t (), of x0's shape."""
    process = PRACTICAL.build()
    return (expand(process.alpha(t), x0) * x0 + expand(process.sigma(t), x0) * noise).to(x0.dtype)
