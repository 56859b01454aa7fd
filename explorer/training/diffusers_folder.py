"""Folders that diffusers saved, as checkpoints: JSON and safetensors are read, never a pickle.

EXPLORER_DIFFUSERS lists them, separated by commas: folders, or names of the model hub for those
that were fetched from there (`diffusers_hub`). A model's folder holds config.json and the weights,
itself or in `unet`, and scheduler_config.json, itself or in `scheduler`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from explorer.data.images import SIZE
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.spec import ProcessSpec
from explorer.networks.diffusers_unet import installed, renamed
from explorer.training.diffusers_spec import DiffusersSpec
from explorer.training.files import MIB, DamagedFile, read_json, read_tensors
from explorer.training.image_folder import NAME, Checkpoint
from explorer.training.image_model import ImageModel
from explorer.training.image_run import placed

CONFIG, SCHEDULER = "config.json", "scheduler_config.json"
WEIGHTS = "diffusion_pytorch_model.safetensors"
MAX_WEIGHTS = 1024 * MIB
MOST_BLOCKS, MOST_LAYERS, WIDEST = 8, 8, 4096
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
CHAINS = ("DDPMScheduler", "DDIMScheduler", "PNDMScheduler")
KINDS = {"epsilon": "eps", "sample": "x0", "v_prediction": "v"}
"""What a network may predict, in diffusers' words and in ours."""

INSTALL = "install it: pip install -r requirements-diffusers.txt"


def named() -> tuple[str, ...]:
    """What $EXPLORER_DIFFUSERS lists."""
    return tuple(filter(None, map(str.strip, os.environ.get("EXPLORER_DIFFUSERS", "").split(","))))


def of_hub(name: str) -> bool:
    """Whether an entry of the list is a name of the hub; a folder that is there comes first."""
    return bool(HUB_NAME.fullmatch(name)) and not Path(name).is_dir()


def fetched(name: str, folder: Path) -> Path:
    """Where the hub's model `name` lies below `folder` once it was fetched."""
    return folder / "diffusers" / name.replace("/", "--")


def place(name: str, folder: Path) -> Path:
    """The folder of an entry of the list; of the hub's, below `folder`."""
    return fetched(name, folder) if of_hub(name) else Path(name).expanduser()


def models(folder: Path) -> tuple[dict[str, Checkpoint], dict[str, str]]:
    """Name → checkpoint for all that can be used, and entry of the list → what is wrong with it.

    folder: below which the hub's models lie. Only the configurations are read.
    """
    found: dict[str, Checkpoint] = {}
    wrong: dict[str, str] = {}
    for name in named():
        try:
            checkpoint = described(place(name, folder))
            if checkpoint.name in found:
                raise DamagedFile(f"there are two called {checkpoint.name}; rename one folder")
            found[checkpoint.name] = checkpoint
        except (DamagedFile, OSError) as problem:
            wrong[name] = str(problem)
    return found, wrong


def described(folder: Path) -> Checkpoint:
    """The checkpoint in `folder`, its weights unread; DamagedFile says what is wrong with it."""
    if not installed():
        raise DamagedFile(f"the package diffusers is not there; {INSTALL}")
    if not folder.is_dir():
        raise DamagedFile(f"there is no folder {folder}")
    if not NAME.fullmatch(folder.name):
        raise DamagedFile("its name has other characters than letters, digits, '.', '_' and '-'")
    spec, weights = configured(folder), _either(folder, "unet", CONFIG) / WEIGHTS
    if not (folder / weights).exists():
        if (folder / weights).with_suffix(".bin").exists():
            raise DamagedFile(
                "its weights are a pickle (.bin), which can run code and is never opened; load it "
                "where you trust it and call save_pretrained, which writes safetensors"
            )
        raise DamagedFile(f"{weights} is missing")
    return Checkpoint(folder, spec, weights=weights.as_posix(), load=load)


def configured(folder: Path) -> DiffusersSpec:
    """What the two configurations in `folder` say; DamagedFile where they cannot be used."""
    config = _object(folder / _either(folder, "unet", CONFIG) / CONFIG)
    _check(config)
    scheduler = _object(folder / _either(folder, "scheduler", SCHEDULER) / SCHEDULER)
    process, kind = _chain(scheduler)
    # no file says which pictures it learned: its name has to
    dataset = "mnist" if "mnist" in folder.name.lower() else "cifar10"
    return DiffusersSpec(folder.name, dataset, process, kind, json.dumps(config, sort_keys=True))


def load(folder: Path, device: torch.device) -> ImageModel:
    """The model that `described` describes, in single precision; DamagedFile as there.

    The network is built without memory, so that a configuration of impossible size costs nothing,
    and takes the weights as they were read.
    """
    checkpoint = described(folder)
    tensors, _ = read_tensors(folder / checkpoint.weights, max_bytes=MAX_WEIGHTS)
    try:
        with torch.device("meta"):
            network = checkpoint.spec.entry.make(checkpoint.spec.process.build())
    except (
        TypeError,
        ValueError,
        KeyError,
        AttributeError,
        ArithmeticError,
        RuntimeError,
    ) as error:
        raise DamagedFile(f"diffusers cannot build its {CONFIG} ({error})") from error
    try:
        network.load_state_dict(renamed(tensors), assign=True)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise DamagedFile(f"{checkpoint.weights} is not of this network ({reason})") from error
    return ImageModel(checkpoint.spec, placed(network.eval(), device))


def _either(folder: Path, inside: str, file: str) -> Path:
    """`inside` if the file is there, as in a pipeline's folder; else the folder itself, as ''."""
    return Path(inside) if (folder / inside / file).exists() else Path()


def _object(path: Path) -> dict[str, Any]:
    value = read_json(path)
    if not isinstance(value, dict):
        raise DamagedFile(f"{path.name} is no JSON object")
    return value


def _check(config: Mapping[str, Any]) -> None:
    """DamagedFile for a configuration of another class, of other pictures, or of absurd size."""
    if (kind := config.get("_class_name")) != "UNet2DModel":
        raise DamagedFile(f"{CONFIG} is of the class {kind!r}; only UNet2DModel can be used")
    shape = tuple(config.get(key) for key in ("in_channels", "out_channels", "sample_size"))
    if shape not in ((3, 3, SIZE), (3, 3, [SIZE, SIZE])):
        channels, out, size = shape
        raise DamagedFile(
            f"it turns {channels!r} channels of {size!r} pixels a side into {out!r}; the pages "
            f"show pictures of 3 channels and {SIZE} pixels"
        )
    if config.get("time_embedding_type", "positional") != "positional":
        raise DamagedFile("its time is not DDPM's step (time_embedding_type); use a DDPM model")
    if config.get("class_embed_type") is not None or config.get("num_class_embeds") is not None:
        raise DamagedFile("it wants classes; only models without can be used")
    widths, layers = config.get("block_out_channels"), config.get("layers_per_block", 2)
    if not isinstance(widths, list) or not 1 <= len(widths) <= MOST_BLOCKS:
        raise DamagedFile(f"block_out_channels must list 1 to {MOST_BLOCKS} widths")
    if not all(type(width) is int and 1 <= width <= WIDEST for width in widths):
        raise DamagedFile(f"block_out_channels must be whole numbers up to {WIDEST:,}")
    if type(layers) is not int or not 1 <= layers <= MOST_LAYERS:
        raise DamagedFile(f"layers_per_block is {layers!r}; it must be from 1 to {MOST_LAYERS}")


def _chain(scheduler: Mapping[str, Any]) -> tuple[ProcessSpec, str]:
    """The process of a scheduler and what the network predicts, or DamagedFile."""
    if (name := scheduler.get("_class_name")) not in CHAINS:
        raise DamagedFile(f"{SCHEDULER} is of the class {name!r}; choose from {', '.join(CHAINS)}")
    schedule = scheduler.get("beta_schedule", "linear")
    if schedule != "linear" or scheduler.get("trained_betas") is not None:
        raise DamagedFile(f"its betas are {schedule!r} or its own; only 'linear' ones can be used")
    if scheduler.get("rescale_betas_zero_snr"):
        raise DamagedFile("its betas were rescaled to end in pure noise, which cannot be used")
    if (kind := scheduler.get("prediction_type", "epsilon")) not in KINDS:
        raise DamagedFile(f"it predicts {kind!r}; choose from {', '.join(KINDS)}")
    given = {
        "steps": scheduler.get("num_train_timesteps", 1000),
        "beta_start": scheduler.get("beta_start", 1e-4),
        "beta_end": scheduler.get("beta_end", 0.02),
    }
    try:
        values = {p.name: p.checked(given[p.name]) for p in PROCESSES["ddpm"].params}
    except ValueError as error:
        raise DamagedFile(f"{SCHEDULER}: {error}") from error
    return ProcessSpec("ddpm", tuple(values.items())), KINDS[kind]
