"""A small variational autoencoder of one-hot vectors: a plane of latents in which classes lie.

Its encoder gives every class a Gaussian, so that the latents of all classes together are a Gaussian
mixture, whose score is known exactly at every noise level.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

CLASSES, HIDDEN, LATENT = 4, 200, 2
CLEAR = 0.9
"""A decoded vector has a winner when its largest part is above this."""


class VAE(nn.Module):
    """4 → 200 → (mean, log-variance) in the plane, and 2 → 200 → 4 back, with ReLU between.

    Source: Kingma and Welling 2014, section 3 and appendix C; sizes as in the one-hot document.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(CLASSES, HIDDEN)
        self.posterior = nn.Linear(HIDDEN, 2 * LATENT)  # the mean and the log-variance
        self.decoder, self.logits = nn.Linear(LATENT, HIDDEN), nn.Linear(HIDDEN, CLASSES)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance, each (B, 2), of q(z | x) for x (B, 4)."""
        mean, log_variance = self.posterior(F.relu(self.encoder(x))).chunk(2, dim=1)
        return mean, log_variance

    def decode_logits(self, z: Tensor) -> Tensor:
        """(*B, 4) log-odds of each part of x being 1, for z (*B, 2)."""
        return self.logits(F.relu(self.decoder(z)))

    def decode(self, z: Tensor) -> Tensor:
        """(*B, 4) probabilities of each part of x being 1; they need not sum to 1."""
        return self.decode_logits(z).sigmoid()


def reparametrised(mean: Tensor, log_variance: Tensor, rng: Generator) -> Tensor:
    """z = μ + σ ε, of the mean's shape (B, 2) (Kingma and Welling 2014, section 2.4)."""
    noise = torch.randn(mean.shape, generator=rng, dtype=mean.dtype, device=mean.device)
    return mean + (0.5 * log_variance).exp() * noise


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """(B,) nats: KL(N(μ, σ²) ‖ N(0, I)) of μ and log σ² (B, D).

    Source: Kingma and Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1)


def cross_entropy(logits: Tensor, x: Tensor) -> Tensor:
    """(B,) nats: −log p(x | z) of x (B, 4), whose parts are 0 or 1 on their own."""
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
