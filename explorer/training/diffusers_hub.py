"""Fetching a model of diffusers from the model hub, when somebody asks for it and never before."""

from __future__ import annotations

from pathlib import Path

from explorer.data.download import DownloadFailed
from explorer.training.diffusers_folder import CONFIG, INSTALL, SCHEDULER, WEIGHTS, configured

TEXTS = (CONFIG, f"unet/{CONFIG}", SCHEDULER, f"scheduler/{SCHEDULER}")
TENSORS = (WEIGHTS, f"unet/{WEIGHTS}")


def fetch(name: str, folder: Path) -> None:
    """Put the hub's model `name` into `folder`: first its configuration, then, if fit, its weights.

    What is there already is kept, and a download that was cut goes on. Nothing but JSON and
    safetensors is fetched. Raises DownloadFailed, which says why.
    """
    try:
        from huggingface_hub import snapshot_download
    except ModuleNotFoundError as error:
        raise DownloadFailed(f"the package {error.name} is not there; {INSTALL}") from error
    try:
        snapshot_download(name, local_dir=folder, allow_patterns=list(TEXTS))
        configured(folder)
        snapshot_download(name, local_dir=folder, allow_patterns=list(TENSORS))
    except Exception as error:  # those of the network have no class in common
        raise DownloadFailed(f"{name} cannot be fetched or used ({error})") from error
