"""Which class a classifier reads in the pictures of a film, against the one that was asked for."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
import torch

from explorer.networks.image_unet import NO_LABEL
from explorer.training.classifier_files import WEIGHTS, Reader, reader_of
from explorer.training.classifier_run import read
from explorer.training.files import DamagedFile
from explorer.training.image_films import Film
from explorer.training.image_folder import Checkpoint, root
from explorer.training.image_request import Request
from explorer.training.image_shelf import CPU
from explorer.ui.cache import cached


@dataclass(frozen=True)
class Reading:
    """How many pictures were asked to show a class, and the places of those that are read wrong."""

    asked: int
    wrong: tuple[int, ...]
    accuracy: float

    def says(self) -> str:
        """One line of Markdown."""
        right = self.asked - len(self.wrong)
        framed = "; the others are framed" if self.wrong else ""
        return (
            f"A classifier ({self.accuracy:.1%} right on true pictures) reads **{right} of "
            f"{self.asked}** as asked{framed}."
        )


def of(checkpoint: Checkpoint, film: Film) -> Reading | None:
    """What is read in the first lane's pictures; None where none has a class or nobody can read.

    Of a classifier that cannot be used the page says so.
    """
    if all(label == NO_LABEL for label in film.request.labels):
        return None
    dataset = checkpoint.spec.dataset
    weights = root() / f"{dataset}-classifier" / WEIGHTS
    stamp = weights.stat().st_mtime_ns if weights.exists() else 0
    try:
        reader = _reader(dataset, str(root()), stamp)
    except (DamagedFile, OSError) as problem:
        st.text(f"The classifier of {dataset} cannot be used: {problem}.")
        return None
    if reader is None:
        return None
    folder = str(checkpoint.folder)
    return _reading(film, reader, folder, film.request, film.seconds, stamp)


@cached
def _reader(dataset: str, folder: str, stamp: int) -> Reader | None:
    return reader_of(dataset, CPU)


@cached
def _reading(
    _film: Film, _reader: Reader, folder: str, request: Request, seconds: float, stamp: int
) -> Reading:
    """Known by where the network lies, what the film shows, and how long it took."""
    pixels = torch.from_numpy(_film.x_t[0, -1].copy()).permute(0, 3, 1, 2)
    found = read(_reader.network, _reader.spec, pixels, CPU).tolist()
    told = [(k, label) for k, label in enumerate(request.labels) if label != NO_LABEL]
    return Reading(len(told), tuple(k for k, label in told if found[k] != label), _reader.accuracy)
