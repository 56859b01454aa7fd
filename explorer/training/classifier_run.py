"""How a classifier of pictures is trained: its spec, one step after the other, and its state.

As with image networks, what a step sees is a function of seed and step alone, and the state is
one file replaced whole, so that a run that was killed at any moment goes on exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.data.images import PICTURE_SETS, Pictures
from explorer.networks.classifier import Classifier
from explorer.registry import pick, shown
from explorer.training.files import DamagedFile, json_bytes, read_json, read_tensors, save_tensors
from explorer.training.image_batches import chosen, generator
from explorer.training.image_run import Diverged, placed

STATE = "state.safetensors"
FORMAT = 1
MOMENTUM, WEIGHT_DECAY, SMOOTHING, RISE = 0.9, 5e-4, 0.1, 0.25
"""Nesterov's momentum, L2 penalty, label smoothing, and the share of steps in which the rate rises.

Sources: Smith and Topin 2018 for the cycle of the rate; Szegedy et al. 2016 for smoothed labels.
"""


@dataclass(frozen=True)
class ClassifierSpec:
    """What is learned, by how wide a network, in how many steps of `batch` pictures.

    The rate rises linearly to `rate` and falls linearly to 0. Pictures are moved by up to `shift`
    pixels, and mirrored where that makes no other class.
    """

    dataset: str
    widths: tuple[int, int, int]
    steps: int
    batch: int = 128
    rate: float = 0.15
    shift: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        pick(PICTURE_SETS, self.dataset)
        for name in ("steps", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")
        if len(self.widths) != 3 or not all(1 <= width <= 1024 for width in self.widths):
            raise ValueError(f"widths={self.widths} must be three numbers from 1 to 1024")

    @property
    def name(self) -> str:
        return f"{self.dataset}-classifier"

    @property
    def mirrored(self) -> bool:
        """Whether a picture's mirror image is of the same class, as it is not for a digit."""
        return PICTURE_SETS[self.dataset].mirrored

    def rate_at(self, step: int) -> float:
        """The learning rate of step `step`, the first being 0."""
        done = (step + 1) / self.steps
        return self.rate * min(done / RISE, max(0.0, 1 - done) / (1 - RISE))


SPECS: dict[str, ClassifierSpec] = {
    "mnist": ClassifierSpec("mnist", (16, 32, 64), steps=1_400),
    "cifar10": ClassifierSpec("cifar10", (32, 64, 128), steps=3_900),
}
"""By entry of `PICTURE_SETS`: three epochs of digits, ten of photographs."""


@dataclass(eq=False)
class Run:
    """A training under way; `losses` holds one loss for each step done, `seconds` their time."""

    spec: ClassifierSpec
    device: torch.device
    network: Classifier
    optimizer: torch.optim.SGD
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def step(self) -> int:
        return len(self.losses)


def start(spec: ClassifierSpec, device: torch.device) -> Run:
    """A run with initial weights from the spec's seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed)
        network = Classifier(spec.widths)
    placed(network, device)
    optimizer = torch.optim.SGD(
        network.parameters(), spec.rate, MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=True
    )
    return Run(spec, device, network, optimizer)


def seen(spec: ClassifierSpec, data: Pictures, step: int) -> tuple[Tensor, Tensor]:
    """Pictures (B, 3, 32, 32) and labels (B,) of step `step`, moved and mirrored."""
    rng = generator(spec.seed, step, 1)
    index = chosen(spec.seed, step, spec.batch, len(data))
    flip = torch.rand(spec.batch, generator=rng) < 0.5
    x = data.batch(index, flip if spec.mirrored else None)
    moves = torch.randint(0, 2 * spec.shift + 1, (2, spec.batch), generator=rng)
    return moved(x, moves[0], moves[1], spec.shift), data.labels[index]


def moved(x: Tensor, down: Tensor, right: Tensor, margin: int) -> Tensor:
    """Pictures x (B, C, H, W) cut out anew from themselves with a reflected margin.

    `down` and `right` (B,) from 0 to 2 `margin` say where; `margin` leaves a picture as it is.
    """
    height, width = x.shape[2:]
    wider = F.pad(x, (margin,) * 4, mode="reflect")
    rows = (down[:, None] + torch.arange(height))[:, None, :, None]
    columns = (right[:, None] + torch.arange(width))[:, None, None, :]
    picture = torch.arange(len(x))[:, None, None, None]
    return wider[picture, torch.arange(x.shape[1])[:, None, None], rows, columns]


def train(run: Run, data: Pictures) -> Iterator[float]:
    """Yields the loss of every further step up to the last; `run` is up to date at each yield.

    Raises Diverged before a loss that is not finite reaches the weights.
    """
    spec = run.spec
    run.network.train()
    while run.step < spec.steps:
        x, labels = seen(spec, data, run.step)
        for group in run.optimizer.param_groups:
            group["lr"] = spec.rate_at(run.step)
        x = x.to(run.device, memory_format=torch.channels_last)
        logits = run.network(x)
        loss = F.cross_entropy(logits, labels.to(run.device), label_smoothing=SMOOTHING)
        value = float(loss.detach())
        if not torch.isfinite(loss):
            raise Diverged(f"the loss of step {run.step + 1} is {value}; lower rate={spec.rate:g}")
        run.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        run.optimizer.step()
        run.losses.append(value)
        yield value


@torch.no_grad()
def read(
    network: nn.Module, spec: ClassifierSpec, pixels: Tensor, device: torch.device, batch: int = 500
) -> Tensor:
    """The class (N,) that the network reads in each of the bytes (N, 1 or 3, 32, 32).

    Where mirror images are of the same class, the mean of what it makes of both is read.
    """
    data = Pictures(pixels, torch.zeros(len(pixels), dtype=torch.long))
    found = []
    for part in torch.arange(len(pixels)).split(batch):
        x = data.batch(part).to(device)
        logits = network(x)
        if spec.mirrored:
            logits = logits + network(x.flip(-1))
        found.append(logits.argmax(1).cpu())
    return torch.cat(found)


def accuracy(run: Run, held_out: Pictures) -> float:
    """The share of held-out pictures that are read as what they show; training goes on after."""
    run.network.eval()
    found = read(run.network, run.spec, held_out.pixels, run.device)
    run.network.train()
    return float((found == held_out.labels).double().mean())


def save(run: Run, folder: Path) -> None:
    """Replace the state in `folder`; ValueError where a weight is not finite any more."""
    tensors = {f"network/{name}": value for name, value in run.network.state_dict().items()}
    for name, parameter in run.network.named_parameters():
        tensors[f"momentum/{name}"] = run.optimizer.state[parameter]["momentum_buffer"]
    tensors["losses"] = torch.tensor(run.losses, dtype=torch.float32)
    metadata = {"spec": json_bytes(to_json(run.spec)).decode(), "seconds": repr(run.seconds)}
    save_tensors(folder / STATE, tensors, metadata)


def resume(folder: Path, device: torch.device, steps: int | None = None) -> Run:
    """The run whose state lies in `folder`, to be trained for `steps` in all if given.

    Raises DamagedFile for a state that is missing, damaged or of another network.
    """
    tensors, metadata = read_tensors(folder / STATE)
    try:
        spec = from_json(read_json(metadata["spec"]))
        run = start(spec if steps is None else replace(spec, steps=steps), device)
        run.network.load_state_dict(
            {name: tensors[f"network/{name}"] for name in run.network.state_dict()}
        )
        for name, parameter in run.network.named_parameters():
            buffer = torch.empty_like(parameter, requires_grad=False)
            run.optimizer.state[parameter]["momentum_buffer"] = buffer.copy_(
                tensors[f"momentum/{name}"]
            )
        run.losses = tensors["losses"].tolist()
        run.seconds = float(metadata["seconds"])
    except KeyError as error:
        raise DamagedFile(f"{folder / STATE} lacks {error}") from error
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise DamagedFile(f"{folder / STATE} is not of this network ({reason})") from error
    return run


def to_json(spec: ClassifierSpec) -> dict[str, Any]:
    """The spec as JSON knows it; `from_json` gives it back."""
    return {"format": FORMAT} | asdict(spec) | {"widths": list(spec.widths)}


def from_json(value: Any) -> ClassifierSpec:
    """The spec that `to_json` wrote; DamagedFile where a name, a type or a number is off."""
    try:
        if value["format"] != FORMAT:
            raise DamagedFile(f"the spec has format {shown(value['format'])}; this is {FORMAT}")
        widths = tuple(map(int, value["widths"]))
        numbers = {name: int(value[name]) for name in ("steps", "batch", "shift", "seed")}
        return ClassifierSpec(value["dataset"], widths, rate=float(value["rate"]), **numbers)  # type: ignore[arg-type]
    except DamagedFile:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        reason = repr(error)[:200]
        raise DamagedFile(f"the spec of the classifier is unusable ({reason})") from error
