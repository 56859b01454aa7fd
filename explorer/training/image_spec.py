"""What an image network learns and how, as names and numbers: recipes, schedules, JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from explorer.data.images import PICTURE_SETS
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.spec import ProcessSpec
from explorer.networks.unet import IMAGE_NETWORKS, ImageNetwork
from explorer.registry import pick, shown
from explorer.training.files import DamagedFile

FORMAT = 1

PRACTICAL = ProcessSpec("ddpm", (("steps", 400), ("beta_start", 1e-4), ("beta_end", 0.02)))
"""The practical's chain, T = 400, in Ho et al.'s convention: β_1 = 1e-4, β_400 = 0.02, ᾱ_0 = 1.

The practical has 401 betas from β_0 = 1e-4 on and starts its product with β_0, so that its step t
is step t + 1 of a chain of 401, and the little noise of β_0 stays in what it samples. Its ᾱ_T is
1% lower.
"""

LEAST: dict[str, int | float] = {
    "steps": 1,
    "batch": 1,
    "rate": 0.0,
    "beta_2": 0.0,
    "warmup": 0,
    "decay": 0.0,
    "ema_half_life": 0.0,
    "label_dropout": 0.0,
}
"""The least value of each number of a recipe; an integer here wants an integer."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; counts of steps are of optimizer steps, of `batch` pictures each.

    The rate rises over `warmup` steps to `rate`, stays, and falls to 0 over the last `decay` of all
    steps, so that longer training is the same until there. `ema_half_life` in pictures: after so
    many an old weight counts half in the average; 0 keeps no average. `label_dropout`: share of
    labels that are hidden.
    """

    process: ProcessSpec
    steps: int
    batch: int
    rate: float
    beta_2: float = 0.999
    warmup: int = 0
    decay: float = 0.0
    ema_half_life: float = 0.0
    label_dropout: float = 0.0

    def __post_init__(self) -> None:
        for name, least in LEAST.items():
            value = getattr(self, name)
            wanted = int if isinstance(least, int) else (int, float)
            if isinstance(value, bool) or not isinstance(value, wanted) or not value >= least:
                raise ValueError(f"{name}={value!r} must be a number and at least {least}")
        for name in ("rate", "beta_2", "decay", "label_dropout"):
            if not getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)!r} must be below 1")

    def rate_at(self, step: int) -> float:
        """The learning rate of optimizer step `step`, the first being 0."""
        left = self.steps - step
        falling = left / (self.decay * self.steps) if self.decay else 1.0
        rising = (step + 1) / self.warmup if self.warmup else 1.0
        return self.rate * min(rising, falling, 1.0)

    def ema_decay_at(self, step: int) -> float:
        """The factor on the average at `step`; early on the half-life is a twentieth of the past.

        Source: Karras et al. 2022, appendix F.6, half-life with its ramp-up of 5%.
        """
        if not self.ema_half_life:
            return 0.0
        half_life = min(self.ema_half_life, 0.05 * (step + 1) * self.batch)
        return float(0.5 ** (self.batch / half_life))


OURS = Recipe(
    ProcessSpec("edm"),
    steps=30_000,
    batch=16,  # at equal time 0.050 on held-out digits after three minutes, 32 gives 0.105
    rate=7e-4,
    beta_2=0.99,
    warmup=300,
    decay=0.3,
    ema_half_life=100_000,
    label_dropout=0.1,
)

RECIPES: dict[str, Recipe] = {
    "tiny": Recipe(PRACTICAL, steps=2_000, batch=16, rate=1e-4),
    "unet": Recipe(PRACTICAL, steps=10_000, batch=16, rate=1e-4),
    "unet-classes": Recipe(PRACTICAL, steps=25_000, batch=16, rate=1e-4),
    "residual": OURS,
}
"""By entry of `IMAGE_NETWORKS`: the practical's own numbers for its three networks, and ours."""


class Described(Protocol):
    """What samplers and pages ask of a network for pictures, whoever trained it.

    `dataset`: an entry of `PICTURE_SETS`, the pictures that it learned; `label`: what it is called
    after that; `entry`: how it is built and what it predicts.
    """

    @property
    def dataset(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def process(self) -> ProcessSpec: ...

    @property
    def entry(self) -> ImageNetwork: ...


@dataclass(frozen=True)
class ImageSpec:
    """An entry of `PICTURE_SETS`, one of `IMAGE_NETWORKS`, how it is trained, and the seed."""

    dataset: str
    network: str
    recipe: Recipe
    seed: int = 0

    def __post_init__(self) -> None:
        pick(PICTURE_SETS, self.dataset)
        pick(IMAGE_NETWORKS, self.network)

    @property
    def name(self) -> str:
        return f"{self.dataset}-{self.network}"

    @property
    def label(self) -> str:
        return f"{PICTURE_SETS[self.dataset].label} · {self.entry.label}"

    @property
    def process(self) -> ProcessSpec:
        return self.recipe.process

    @property
    def entry(self) -> ImageNetwork:
        return IMAGE_NETWORKS[self.network]

    def with_steps(self, steps: int) -> ImageSpec:
        """The same, trained for `steps` in all."""
        return replace(self, recipe=replace(self.recipe, steps=steps))


def to_json(spec: ImageSpec) -> dict[str, Any]:
    """The spec as JSON knows it; `from_json` gives it back."""
    process = spec.recipe.process
    recipe = asdict(spec.recipe) | {
        "process": {"name": process.name, "values": dict(process.values)},
    }
    return {
        "format": FORMAT,
        "dataset": spec.dataset,
        "network": spec.network,
        "recipe": recipe,
        "seed": spec.seed,
    }


def from_json(value: Any) -> ImageSpec:
    """The spec that `to_json` wrote; DamagedFile where a name, a type or a number is off."""
    try:
        if value["format"] != FORMAT:
            raise DamagedFile(f"the spec has format {shown(value['format'])}; this is {FORMAT}")
        process = value["recipe"]["process"]
        entry, given = pick(PROCESSES, process["name"]), dict(process["values"])
        entry.build(given)
        values = tuple((p.name, given[p.name]) for p in entry.params if p.name in given)
        numbers = {name: n for name, n in value["recipe"].items() if name != "process"}
        recipe = Recipe(ProcessSpec(process["name"], values), **numbers)
        return ImageSpec(value["dataset"], value["network"], recipe, int(value["seed"]))
    except DamagedFile:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        reason = repr(error)[:200]
        raise DamagedFile(f"the spec of the image network is unusable ({reason})") from error
