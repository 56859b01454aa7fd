"""The documents' trainings, and ours."""

from __future__ import annotations

from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.training.config import TrainConfig
from explorer.training.spec import ModelSpec, NetworkSpec

TUTORIAL = ModelSpec(
    DistributionSpec("tutorial"),
    ProcessSpec("ve", (("lam", 25.0),)),
    NetworkSpec("fourier", (("width", 50), ("depth", 2))),
    TrainConfig(
        target="score",
        weighting="eps",
        times="uniform",
        steps=500,
        batch=0,
        data_size=10_000,
        lr=5e-3,
        schedule="constant",
        ema=0.0,
        t_min=0.01,
        standardise=False,
    ),
)
"""The score tutorial's: 10,000 points, all in each of 500 steps; σ² on the score is `eps`."""

MOONS = ModelSpec(
    DistributionSpec("moons"),
    ProcessSpec("ddpm", (("steps", 500), ("beta_start", 1e-4), ("beta_end", 0.02))),
    NetworkSpec("sinusoidal", (("width", 128), ("depth", 3), ("scale", 500.0))),
    TrainConfig(
        target="eps",
        weighting="eps",
        times="uniform",
        steps=5000,
        batch=512,
        lr=1e-3,
        schedule="constant",
        ema=0.0,
        chain=500,
        standardise=False,
    ),
)
"""The DDPM note's. Its moons are standardised by their own definition."""

_SCRATCH = TrainConfig(
    target="eps",
    weighting="eps",
    times="uniform",
    steps=5000,
    batch=256,
    data_size=10_000,
    lr=1e-3,
    schedule="constant",
    ema=0.0,
    chain=200,
    standardise=True,
)
_SCRATCH_PROCESS = ProcessSpec("ddpm", (("steps", 200), ("beta_start", 1e-4), ("beta_end", 0.2)))

SCRATCH_1D = ModelSpec(
    DistributionSpec("mixture-1d"),
    _SCRATCH_PROCESS,
    NetworkSpec("centred", (("width", 128), ("depth", 3))),
    _SCRATCH,
)
"""The from-scratch document's in 1D; it gives a time limit and no number of steps."""

SCRATCH_2D = ModelSpec(
    DistributionSpec("spiral"),
    _SCRATCH_PROCESS,
    NetworkSpec("centred", (("width", 256), ("depth", 3))),
    _SCRATCH,
)
"""The from-scratch document's in 2D."""

SKIP = ModelSpec(
    DistributionSpec("blobs"),
    ProcessSpec("ddpm", (("steps", 500), ("beta_start", 1e-3), ("beta_end", 0.02))),
    NetworkSpec("skip"),
    TrainConfig(
        target="eps",
        weighting="eps",
        times="uniform",
        steps=20_000,
        batch=1024,
        lr=1e-2,
        schedule="constant",
        ema=0.0,
        chain=500,
        standardise=False,
    ),
)
"""The one-hot document's, whose data are a VAE's latents: give `train` those as `points`."""

DEFAULT = ModelSpec(
    DistributionSpec("moons"),
    ProcessSpec("cosine", (("offset", 0.008),)),
    NetworkSpec("level", (("width", 64), ("depth", 3))),
    TrainConfig(),
)
"""Ours: the best quality per second of all we measured (`python -m benchmarks training`)."""

PRESETS = {
    "default": DEFAULT,
    "tutorial": TUTORIAL,
    "moons": MOONS,
    "scratch-1d": SCRATCH_1D,
    "scratch-2d": SCRATCH_2D,
    "skip": SKIP,
}
