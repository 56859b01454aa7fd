"""What an animation shows as numbers: every layer's values by time, as NPZ or as tables."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from explorer.export.axes import layout_of
from explorer.export.moments import clock_value
from explorer.export.words import plain
from explorer.figures.handle import Handle
from explorer.figures.layers import (
    Arrows,
    Bars,
    Clock,
    Cursor,
    Curve,
    Density,
    Images,
    Layer,
    Pane,
    Particles,
    Readout,
    Tint,
)

MAX_ROWS = 3_000_000


@dataclass(frozen=True, eq=False)
class Numbers:
    """One layer: its name, what it is, its axes' titles, and its arrays by what they hold."""

    name: str
    about: str
    axes: tuple[str, str]
    arrays: dict[str, np.ndarray]


def _arrays(layer: Layer) -> tuple[str, dict[str, Any]]:
    """What a layer's arrays are, in words, and the arrays."""
    match layer:
        case Particles():
            held = {"xy": layer.xy, "colour": layer.colours}
            about = "xy (frame, particle, 2): positions, NaN where there is none"
            return about, {name: array for name, array in held.items() if array is not None}
        case Density():
            about = "values (frame, row, column): as dark as drawn, from 0 to 1, rows upwards: "
            about += "the root of a density over its largest, or 1 + a seventh of the logarithm"
            return about, {
                "values": layer.values,
                **_mesh(layer, layer.values.shape[1:]),
            }
        case Tint():
            return "weights (frame, class, row, column): shares, rows upwards", {
                "weights": layer.weights,
                **_mesh(layer, layer.weights.shape[2:]),
            }
        case Images():
            return "pixels (frame, picture, row, column, 3): bytes", {"pixels": layer.pixels}
        case Arrows():
            about = "vectors ([frame,] arrow, 2) at xy, as long as drawn"
            return about, {"xy": layer.xy, "vectors": layer.vectors}
        case Bars():
            about = "heights (frame, bar) between edges (bar + 1)"
            return about, {"edges": layer.edges, "heights": layer.heights}
        case Curve():
            return "y (frame, point) over x (point)", {"x": layer.x, "y": layer.y}
        case Handle():
            return "xy (1, 2): where the mark stands", {"xy": np.array([layer.at])}
        case Cursor():
            return "x (frame): where the line stands", {"x": layer.x}
        case Readout():
            about = "channels (frame, row, column): true values under the pointer, rows upwards"
            size = next(iter(layer.channels.values())).shape[1:]
            return about, {**layer.channels, **_mesh(layer, size)}
    raise ValueError(f"{type(layer).__name__} is no layer whose numbers are known")


def _mesh(layer: Any, size: tuple[int, ...]) -> dict[str, np.ndarray]:
    rows, columns = size
    (left, right), (low, high) = layer.x, layer.y
    return {"x": np.linspace(left, right, columns), "y": np.linspace(low, high, rows)}


def numbers(panes: Sequence[Pane], clock: Clock) -> Iterator[Numbers]:
    """The layers of all panes; each brings its clock coordinates and the clock's values there."""
    for k, pane in enumerate(panes, start=1):
        layout = layout_of(pane)
        count: dict[str, int] = {}
        for layer in pane.layers:
            kind = type(layer).__name__.lower()
            count[kind] = count.get(kind, 0) + 1
            about, arrays = _arrays(layer)
            times = np.asarray(layer.times, float)
            shown = np.array([clock_value(clock, t) for t in times])
            titles = (_title(layout, layer.xaxis), _title(layout, layer.yaxis))
            if getattr(layer, "horizontal", False):
                titles = titles[::-1]
                about += "; along the vertical axis, and as long as drawn"
            yield Numbers(
                f"pane{k}_{kind}{count[kind]}",
                f"{pane.title or f'Pane {k}'}: {about}",
                titles,
                {"position": times, "clock": shown, **arrays},
            )


def _title(layout: Mapping[str, Any], name: str) -> str:
    """What an axis counts, in words; of one without a title what the axis counts that it matches.

    Where its ticks have texts of their own, numbers are places on it and not what the texts say.
    """
    axis = layout.get(f"{name[0]}axis{name[1:]}", {})
    text = axis.get("title", {}).get("text")
    if not text and axis.get("matches", name) != name:
        return _title(layout, axis["matches"])
    told = plain(str(text or name))
    return f"place of {told}" if axis.get("ticktext") and axis.get("type") != "log" else told


def npz(panes: Sequence[Pane], clock: Clock) -> bytes:
    """All arrays as a compressed NPZ that loads without pickle; `about` says what they are."""
    arrays: dict[str, Any] = {}
    about = [f"position: clock coordinate in [0, 1]; clock: {clock.label} at that coordinate"]
    for layer in numbers(panes, clock):
        about.append(f"{layer.name}: {layer.about}; x is {layer.axes[0]}, y is {layer.axes[1]}")
        arrays |= {f"{layer.name}_{_key(name)}": a for name, a in layer.arrays.items()}
    out = io.BytesIO()
    np.savez_compressed(out, about=np.array(about), **arrays)
    return out.getvalue()


def _key(name: str) -> str:
    """A name that is a key: a channel may be called anything."""
    return re.sub(r"\W+", "_", name).strip("_") or "values"


def csv_zip(panes: Sequence[Pane], clock: Clock) -> bytes:
    """A ZIP of tables, one per layer with a row for each value, and a text that explains them.

    Raises ValueError where a layer would have more than `MAX_ROWS` rows.
    """
    out = io.BytesIO()
    lines = [f"position is the clock's coordinate in [0, 1], clock the value of {clock.label}.", ""]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for layer in numbers(panes, clock):
            table = _table(layer)
            if table is None:
                lines.append(f"{layer.name}: pixels; take them from the NPZ")
                continue
            with archive.open(f"{layer.name}.csv", "w") as file:
                csv.write_csv(pa.table(table), file)
            lines.append(f"{layer.name}.csv: {layer.about}")
        archive.writestr("README.txt", "\n".join(lines) + "\n")
    return out.getvalue()


def _table(layer: Numbers) -> dict[str, np.ndarray] | None:
    """A layer as long columns: the clock, where in space, and what is there; None for pixels."""
    arrays = dict(layer.arrays)
    if "pixels" in arrays:
        return None
    position, clock = arrays.pop("position"), arrays.pop("clock")
    frames = len(position)
    x, y = (f"{name} ({title})" for name, title in zip("xy", layer.axes, strict=True))
    columns: dict[str, np.ndarray] = {}
    if "xy" in arrays:
        xy = np.broadcast_to(arrays["xy"], (frames, *arrays["xy"].shape[-2:]))
        shape = xy.shape[:2]
        columns = {x: xy[..., 0], y: xy[..., 1]}
        if "vectors" in arrays:
            columns |= {f"d{x}": arrays["vectors"][..., 0], f"d{y}": arrays["vectors"][..., 1]}
        if "colour" in arrays:
            columns["colour"] = np.broadcast_to(arrays["colour"], shape)
    elif "weights" in arrays:
        weights = arrays["weights"]
        shape = (frames, *weights.shape[2:])
        columns = {x: arrays["x"][None, None], y: arrays["y"][None, :, None]}
        columns |= {f"class {k}": weights[:, k] for k in range(weights.shape[1])}
    elif "edges" in arrays:
        edges = arrays["edges"]
        shape = arrays["heights"].shape
        columns = {"from": edges[:-1], "to": edges[1:], "height": arrays["heights"]}
    else:
        grids = {name: a for name, a in arrays.items() if a.ndim == 3}
        if grids:
            shape = next(iter(grids.values())).shape
            columns = {x: arrays["x"][None, None], y: arrays["y"][None, :, None], **grids}
        elif "y" in arrays:
            shape = arrays["y"].shape
            columns = {x: arrays["x"], y: arrays["y"]}
        else:
            shape, columns = (frames,), {x: arrays["x"]}
    size = int(np.prod(shape))
    if size > MAX_ROWS:
        raise ValueError(f"{layer.name} would have {size:,} rows; take the NPZ")
    rest = (1,) * (len(shape) - 1)
    index = {"frame": np.arange(frames), "position": position, "clock": clock}
    long = {name: np.broadcast_to(a.reshape(-1, *rest), shape).ravel() for name, a in index.items()}
    if len(shape) == 2:
        long["number"] = np.broadcast_to(np.arange(shape[1]), shape).ravel()
    return long | {name: np.broadcast_to(a, shape).ravel() for name, a in columns.items()}
