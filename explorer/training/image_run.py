"""The state of one image training: weights, their average, Adam's moments, losses, in one file.

The file is replaced whole, so that a run killed at any moment goes on from its last save.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from explorer.data.images import Pictures
from explorer.networks.unet import IMAGE_NETWORKS, build
from explorer.training.files import DamagedFile, json_bytes, read_json, read_tensors, save_tensors
from explorer.training.image_batches import joint_batch, loss_of
from explorer.training.image_spec import ImageSpec, from_json, to_json

STATE = "state.safetensors"
MAX_STATE_BYTES = 1 << 30
MOMENTS = ("exp_avg", "exp_avg_sq")


class Diverged(ArithmeticError):
    """The loss is no number any more; the message says what to try."""


@dataclass(eq=False)
class Run:
    """A training under way: `average` has the averaged parameters, empty where none is kept.

    `losses` holds one loss for each step done, `seconds` how long they took. `restarts`: the steps
    at which it went on from a checkpoint's weights, with the moments of Adam begun anew.
    """

    spec: ImageSpec
    device: torch.device
    network: nn.Module
    optimizer: torch.optim.Adam
    average: dict[str, Tensor]
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    restarts: list[int] = field(default_factory=list)

    @property
    def step(self) -> int:
        return len(self.losses)

    @property
    def steps(self) -> int:
        return self.spec.recipe.steps

    @property
    def kind(self) -> str:
        return IMAGE_NETWORKS[self.spec.network].kind

    def rate(self) -> float:
        """The learning rate of the next step: the recipe's, rising anew after a restart."""
        since = self.step - (self.restarts[-1] if self.restarts else 0)
        rising = (since + 1) / self.spec.recipe.warmup if self.spec.recipe.warmup else 1.0
        return self.spec.recipe.rate_at(self.step) * min(rising, 1.0)

    def weights(self) -> dict[str, Tensor]:
        """Parameters and buffers to sample with: the average where one is kept. Not copied."""
        return self.network.state_dict() | self.average


def placed(network: nn.Module, device: torch.device) -> nn.Module:
    """The network itself on `device`, its weights with channels last.

    On one CPU core that trains two convolutions 1.45 times as fast, the strided U-Net 1.08 times,
    and samples the residual one 1.2 times as fast; bfloat16 is 30 times slower where a core has no
    units for it.
    """
    return network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def start(spec: ImageSpec, device: torch.device) -> Run:
    """A run with initial weights from the spec's seed."""
    network = placed(build(spec.network, spec.recipe.process.build(), spec.seed), device)
    betas = (0.9, spec.recipe.beta_2)
    optimizer = torch.optim.Adam(network.parameters(), spec.recipe.rate, betas, fused=True)
    average = {}
    if spec.recipe.ema_half_life:
        average = {name: p.detach().clone() for name, p in network.named_parameters()}
    return Run(spec, device, network, optimizer, average)


def train(
    run: Run, data: Pictures, rank: int = 0, world: int = 1, *, bf16: bool = False
) -> Iterator[float]:
    """Yields the loss of every further step up to `run.steps`; `run` is up to date at each yield.

    Of `world` processes each takes its share of every batch, and all yield the joint loss. Products
    are of bfloat16 numbers on CUDA, and with `bf16` on any device: on a CPU with matrix units (AMX)
    the residual network learns faster so, given its weights channels first. Raises
    Diverged before a loss that is not finite reaches the weights.
    """
    recipe = run.spec.recipe
    if recipe.batch % world:
        raise ValueError(f"{recipe.batch} pictures cannot be shared evenly by {world} processes")
    share = slice(rank * recipe.batch // world, (rank + 1) * recipe.batch // world)
    network = run.network
    if world > 1:
        if run.device.type == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
        network = DistributedDataParallel(network)
    network.train()
    bf16 = bf16 or run.device.type == "cuda"
    if bf16 and run.device.type == "cpu":
        network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        for moments in run.optimizer.state.values():  # Adam goes through all in memory's order
            moments |= {name: value.contiguous() for name, value in moments.items()}
    while run.step < run.steps:
        batch = joint_batch(run.spec, run.kind, data, run.step, share, run.device)
        rate = run.rate()
        for group in run.optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast(run.device.type, torch.bfloat16, enabled=bf16):
            loss = loss_of(network, run.kind, batch)
        joint = loss.detach().clone()
        if world > 1:
            dist.all_reduce(joint)
        value = float(joint) / world
        if not torch.isfinite(joint):
            raise Diverged(
                f"the loss of step {run.step + 1} is {value}; lower the rate ({recipe.rate:g})"
            )
        run.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        run.optimizer.step()
        _average(run, recipe.ema_decay_at(run.step))
        run.losses.append(value)
        yield value


def _average(run: Run, decay: float) -> None:
    if run.average:
        new = [p.detach() for p in run.network.parameters()]
        torch._foreach_lerp_(list(run.average.values()), new, 1 - decay)


def save(run: Run, folder: Path) -> None:
    """Replace the state in `folder`; ValueError where a weight is not finite any more."""
    tensors = {f"network/{name}": value for name, value in run.network.state_dict().items()}
    tensors |= {f"average/{name}": value for name, value in run.average.items()}
    for name, parameter in run.network.named_parameters():
        for moment, value in run.optimizer.state[parameter].items():
            tensors[f"adam/{name}/{moment}"] = value
    tensors["losses"] = torch.tensor(run.losses, dtype=torch.float32)
    metadata = {
        "spec": json_bytes(to_json(run.spec)).decode(),
        "seconds": repr(run.seconds),
        "restarts": json_bytes(run.restarts).decode(),
    }
    save_tensors(folder / STATE, tensors, metadata)


def resume(folder: Path, device: torch.device, steps: int | None = None) -> Run:
    """The run whose state lies in `folder`, to be trained for `steps` in all if given.

    Raises DamagedFile for a state that is missing, damaged or of another network.
    """
    tensors, metadata = read_tensors(folder / STATE, max_bytes=MAX_STATE_BYTES)
    try:
        spec = from_json(read_json(metadata["spec"]))
        run = start(spec if steps is None else spec.with_steps(steps), device)
        _copy(run.network.state_dict(), tensors, "network/")
        _copy(run.average, tensors, "average/")
        run.losses = tensors["losses"].tolist()
        run.seconds = float(metadata["seconds"])
        run.restarts = [int(step) for step in read_json(metadata.get("restarts", "[]"))]
        for name, parameter in run.network.named_parameters():
            if run.losses:
                run.optimizer.state[parameter] = _moments(parameter, tensors, f"adam/{name}/")
    except KeyError as error:
        raise DamagedFile(f"{folder / STATE} lacks {error}") from error
    return run


def _copy(into: dict[str, Tensor], tensors: dict[str, Tensor], prefix: str) -> None:
    for name, value in into.items():
        found = tensors[prefix + name]
        if found.shape != value.shape:
            raise DamagedFile(f"{prefix}{name} is {tuple(found.shape)}, not {tuple(value.shape)}")
        value.copy_(found)  # and so keeps its device and its order in memory


def _moments(parameter: nn.Parameter, tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    moments = {name: torch.empty_like(parameter, requires_grad=False) for name in MOMENTS}
    moments["step"] = torch.zeros((), device=parameter.device)
    _copy(moments, tensors, prefix)
    return moments


def smoothed(losses: list[float], share: float = 0.01) -> list[float]:
    """The losses' running mean as the practical prints it, without its start at 0."""
    kept, means = 0.0, []
    for step, loss in enumerate(losses, 1):
        kept += share * (loss - kept)
        means.append(kept / (1 - (1 - share) ** step))
    return means


def parameters(network: nn.Module) -> int:
    """How many numbers the network learns."""
    return sum(p.numel() for p in network.parameters())
