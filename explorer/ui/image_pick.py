"""The controls that say which pictures noise is put into."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from explorer.data.images import CLASSES, PICTURE_SETS
from explorer.registry import Param
from explorer.training.files import DamagedFile
from explorer.training.image_folder import Checkpoint
from explorer.ui import controls, image_downloads, image_sources, links

COUNT = 6
_DRAW = Param("draw", "Which pictures", 0, 0, 99, 1, "Drawn from the held-out ones.")


@dataclass(frozen=True)
class Picked:
    """Pictures (B, 3, 32, 32) as bytes, and their labels, none where nobody knows them."""

    pixels: bytes
    labels: tuple[int, ...]


def choose(checkpoint: Checkpoint) -> Picked | None:
    """The controls; the pictures they name, or None once the page has said what is missing."""
    options = image_sources.names(checkpoint)
    if st.session_state.get("from") not in options and not links.from_link("from"):
        st.session_state.pop("from", None)  # nobody chose it: another network's pictures come first
    source = controls.option(
        options,
        key="from",
        label="Pictures",
        default=next(iter(options)),
        help="MNIST and CIFAR-10 are there once EXPLORER_DATA names their folder.",
    )
    labels: tuple[int, ...] = ()
    if source == image_sources.UPLOADS:
        pixels = _uploads()
    elif source == image_sources.SAMPLES:
        pixels = image_sources.samples(checkpoint, COUNT)
        if pixels is None:
            st.info("No samples lie beside this network; take other pictures.")
    else:
        draw = int(controls.number(_DRAW, key="draw"))
        try:
            found = image_sources.some(source, COUNT, draw)
        except ValueError as problem:
            st.warning("The data folder cannot be read; take other pictures.")
            st.text(str(problem))
            image_downloads.button(source)
            return None
        pixels = found.pixels.expand(-1, 3, -1, -1)
        if PICTURE_SETS[source].classes == PICTURE_SETS[checkpoint.spec.dataset].classes:
            labels = tuple(found.labels.tolist())
    if pixels is None:
        return None
    labels = _told(checkpoint, labels, len(pixels))
    return Picked(pixels.contiguous().numpy().tobytes(), labels)


def _told(checkpoint: Checkpoint, known: tuple[int, ...], count: int) -> tuple[int, ...]:
    """What the network is told: the labels `known`, or one for all where it cannot do without."""
    network = checkpoint.spec.entry
    if known:
        return known if network.labelled or network.guidable else ()
    if not network.labelled:
        return ()
    classes = PICTURE_SETS[checkpoint.spec.dataset].classes
    names = {str(k): classes[k] for k in range(CLASSES)}
    chosen = controls.option(
        names,
        key="told",
        label="Class that it is told",
        default="0",
        help="This network must be told a class; your pictures bring none.",
    )
    return (int(chosen),) * count


def _uploads() -> Tensor | None:
    files = st.file_uploader(
        "PNG, JPEG or WebP",
        type=["png", "jpg", "jpeg", "webp"],
        accept_multiple_files=True,
        max_upload_size=4,
        key="_pictures",
        help="Their middle square is scaled down to 32×32. They are not kept.",
    )
    read = []
    for file in (files or [])[:COUNT]:
        try:
            read.append(image_sources.uploaded(file.getvalue()))
        except DamagedFile as problem:
            st.text(f"{file.name} cannot be used: {problem}.")
    if not read:
        st.info("Choose a picture, or take other ones.")
        return None
    return torch.stack(read)
