"""What a run leaves to look at: the loss curve, a grid of samples, and the checkpoint to keep."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch
from torch import nn

from explorer.data.images import CLASSES, Pictures
from explorer.training.files import (
    DamagedFile,
    json_bytes,
    read_json,
    read_tensors,
    save_tensors,
    write_atomically,
)
from explorer.training.image_model import ImageModel, held_out_loss, pictures
from explorer.training.image_run import Run, parameters, placed, smoothed, start
from explorer.training.image_spec import ImageSpec, from_json, to_json

WEIGHTS, SPEC, LOSSES, SAMPLES = "weights.safetensors", "spec.json", "loss.csv", "samples.png"
WEAK = "weak.safetensors"
CURVE_POINTS = 500
MILESTONES = (2_000, 2_500, 10_000, 25_000)
"""Steps at which the practical names a loss."""


def model_of(run: Run) -> ImageModel:
    """The run's model as it stands, with weights of its own."""
    weights = {name: value.detach().clone() for name, value in run.weights().items()}
    network = run.spec.entry.make(run.spec.process.build())
    network.load_state_dict(weights, assign=True)
    return ImageModel(run.spec, placed(network.eval(), run.device))


def loss_table(losses: list[float]) -> bytes:
    """step,loss,smoothed in CSV, at most 500 rows evenly over the run."""
    means = smoothed(losses)
    stride = max(1, -(-len(losses) // CURVE_POINTS))
    rows = range(stride - 1, len(losses), stride)
    lines = [f"{row + 1},{losses[row]:.5g},{means[row]:.5g}" for row in rows]
    return "\n".join(["step,loss,smoothed", *lines, ""]).encode()


def sample_grid(model: ImageModel, device: torch.device, rows: int = 4, seed: int = 0) -> bytes:
    """A PNG of rows × 10 samples; a column for each class where the network knows classes."""
    from PIL import Image

    labels = None
    if model.labelled or model.guidable:
        labels = torch.arange(CLASSES, device=device).repeat(rows)
    found = pictures(model, rows * CLASSES, seed, device, labels)
    grid = found.unflatten(0, (rows, CLASSES)).permute(0, 3, 1, 4, 2)  # rows, H, columns, W, 3
    size = (CLASSES * found.shape[-1], rows * found.shape[-2])
    file = io.BytesIO()
    Image.frombytes("RGB", size, bytes(grid.contiguous().flatten().numpy())).save(file, "PNG")
    return file.getvalue()


def export(run: Run, folder: Path, held_out: Pictures, command: str, count: int = 4096) -> None:
    """Write the checkpoint: weights in half precision, spec.json with figures, and the loss curve.

    Statistics of batch norm stay in single precision, since their range is not bounded.
    """
    model, means = model_of(run), smoothed(run.losses)
    figures: dict[str, Any] = {
        "parameters": parameters(run.network),
        "steps": run.step,
        "hours": round(run.seconds / 3600, 2),
        "held_out_eps_loss": round(held_out_loss(model, held_out, count, 0, run.device), 5),
        "smoothed_training_loss": {
            str(step): round(means[step - 1], 5)
            for step in (*MILESTONES, run.step)
            if step <= run.step
        },
    }
    if run.restarts:
        figures["restarted_at_steps"] = run.restarts
    save_weights(run, folder / WEIGHTS)
    write_atomically(folder / LOSSES, loss_table(run.losses))
    spec = {"spec": to_json(run.spec), "command": command, "figures": figures}
    write_atomically(folder / SPEC, json_bytes(spec) + b"\n")


def save_weights(run: Run, path: Path) -> None:
    """Write a checkpoint's weights, or those of the network that its guidance leads away from."""
    learned = {name for name, _ in run.network.named_parameters()}
    weights = {
        name: value.half() if name in learned else value for name, value in run.weights().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {"spec": json_bytes(to_json(run.spec)).decode(), "steps": str(run.step)}
    save_tensors(path, weights, said)


def begin_from(folder: Path, device: torch.device, steps: int | None = None) -> Run:
    """A run that goes on from the checkpoint in `folder`, where the run's own state is lost.

    Its network and its average are the checkpoint's weights, and Adam's moments begin anew. The
    losses of the steps done are read off the curve: a row's loss stands for every step since the
    row before. Raises DamagedFile as `load_checkpoint` does.
    """
    told = read_json(folder / SPEC)
    try:
        spec, figures = from_json(told["spec"]), told["figures"]
        done, hours = int(figures["steps"]), float(figures["hours"])
        restarts = [int(step) for step in figures.get("restarted_at_steps", [])]
        losses = _losses(folder / LOSSES, done)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise DamagedFile(f"{folder} does not tell how far it was trained ({error!r})") from error
    run = start(spec if steps is None else spec.with_steps(steps), device)
    trained = _network(spec, folder / WEIGHTS, device)
    run.network.load_state_dict(trained.state_dict())
    for name, parameter in trained.named_parameters():
        if name in run.average:
            run.average[name].copy_(parameter.detach())
    run.losses, run.seconds, run.restarts = losses, 3600 * hours, [*restarts, done]
    return run


def _losses(table: Path, steps: int) -> list[float]:
    """A loss for each of `steps` steps, from the rows that `loss_table` keeps of them."""
    losses: list[float] = []
    for row in table.read_text().split()[1:]:
        step, loss, _ = row.split(",")
        losses += [float(loss)] * (int(step) - len(losses))
    if not 0 < len(losses) <= steps:
        raise ValueError(f"{table.name} has {len(losses)} steps of {steps}")
    return losses + losses[-1:] * (steps - len(losses))


def load_checkpoint(folder: Path, device: torch.device) -> ImageModel:
    """The model that `export` wrote to `folder`, on `device` in single precision.

    Raises DamagedFile where a file is missing or damaged, or is not of the network it names.
    """
    try:
        spec = from_json(read_json(folder / SPEC)["spec"])
    except (KeyError, TypeError) as error:
        raise DamagedFile(f"{folder / SPEC} lacks the spec") from error
    network, weak = _network(spec, folder / WEIGHTS, device), None
    if (folder / WEAK).exists():
        weak = _network(spec, folder / WEAK, device, any_steps=True)
    return ImageModel(spec, network, weak)


def _network(
    spec: ImageSpec, path: Path, device: torch.device, any_steps: bool = False
) -> nn.Module:
    """The network of `spec` with the weights at `path`, which may have had other steps."""
    tensors, metadata = read_tensors(path)
    if "spec" in metadata:
        trained = from_json(read_json(metadata["spec"]))
        if (trained.with_steps(spec.recipe.steps) if any_steps else trained) != spec:
            raise DamagedFile(f"{path} was trained by another spec than {SPEC} beside it")
    network = spec.entry.make(spec.process.build())
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise DamagedFile(f"{path} is not of this network ({reason})") from error
    return placed(network.eval(), device)
