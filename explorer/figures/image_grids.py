"""Grids of pictures as panes: axes that name rows and columns, and the pictures as layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.figures.layers import Floats, Images, Layer, Pane

Pixels = npt.NDArray[np.uint8]


def grid_axes(
    rows: int,
    columns: int,
    *,
    row_labels: Sequence[str] = (),
    column_labels: Sequence[str] = (),
    scale: float = 1.0,
) -> go.Figure:
    """Axes over rows × columns unit squares without lines, named on the left and on top."""
    longest = max((len(label) for label in row_labels), default=0)
    bare = {
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "fixedrange": True,
        "constrain": "domain",
        "tickfont": {"size": 14 * scale},
    }

    def marks(labels: Sequence[str], places: Floats) -> dict[str, object]:
        return {
            "tickvals": places.tolist() if labels else [],
            "ticktext": list(labels),
            "showticklabels": bool(labels),
        }

    across = marks(column_labels, np.arange(columns) + 0.5)
    down = marks(row_labels, rows - 0.5 - np.arange(rows))
    layout = {
        "margin": {
            "l": (18 + 10 * longest) * scale if longest else 4,
            "r": 4,
            "t": 26 * scale if column_labels else 4,
            "b": 4,
        },
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
        "showlegend": False,
        "xaxis": {**bare, **across, "range": [0, columns], "side": "top", "tickangle": 0},
        "yaxis": {
            **bare,
            **down,
            "tickfont": {"size": 18 * scale},
            "range": [0, rows],
            "scaleanchor": "x",
            "scaleratio": 1,
        },
    }
    return go.Figure(layout=layout)


def grid(
    pixels: Pixels,
    times: Floats,
    columns: int,
    *,
    title: str = "",
    note: str = "",
    column_labels: Sequence[str] = (),
    scale: float = 1.0,
) -> Pane:
    """Pictures (F, B, H, W, 3) that change at `times` (F,), `columns` to a row."""
    count = pixels.shape[1]
    rows = -(-count // columns)
    figure = grid_axes(rows, columns, column_labels=column_labels, scale=scale)
    return Pane(figure, (Images(times, pixels, columns, (0, rows)),), title=title, note=note)


def stacked(
    parts: Sequence[tuple[str, Pixels, Floats]],
    *,
    title: str = "",
    column_labels: Sequence[str] = (),
    scale: float = 1.0,
) -> Pane:
    """Rows of equally many pictures under each other: (name, (F, B, H, W, 3), times (F,)) each."""
    columns = parts[0][1].shape[1]
    names = [name for name, _, _ in parts]
    figure = grid_axes(
        len(parts), columns, row_labels=names, column_labels=column_labels, scale=scale
    )
    layers: list[Layer] = [
        Images(times, pixels, columns, (0, len(parts) - row))
        for row, (_, pixels, times) in enumerate(parts)
    ]
    return Pane(figure, tuple(layers), title=title)


def under_samples(
    samples: Pixels,
    near: Pixels,
    distances: Floats,
    columns: int,
    *,
    scale: float = 1.0,
) -> Pane:
    """Samples (B, H, W, 3) above their nearest pictures (B, K, H, W, 3), `columns` to a row.

    Under each of them stands its distance (B, K).
    """
    count, neighbours = distances.shape
    rows, line, between = -(-count // columns), 0.3, 0.35
    tall = 1.1 + neighbours * (1 + line)  # a row: the sample, then pictures with a line of text
    figure = grid_axes(rows, columns, scale=scale)
    figure.update_yaxes(range=[0, rows * (tall + between) - between])
    layers, still = [], np.zeros(1)
    for row in range(rows):
        part = slice(row * columns, (row + 1) * columns)
        top = (rows - row) * (tall + between) - between
        layers.append(Images(still, samples[None, part], columns, (0, top)))
        across = np.arange(len(samples[part])) + 0.5
        for k in range(neighbours):
            below = top - 1.1 - k * (1 + line)
            layers.append(Images(still, near[None, part, k], columns, (0, below), gap=0.1))
            figure.add_scatter(
                x=across,
                y=np.full(len(across), below - 1 - line / 2 + 0.06),
                text=[f"{value:.2f}" for value in distances[part, k]],
                mode="text",
                textfont={"size": 11 * scale},
                hoverinfo="skip",
                showlegend=False,
            )
    return Pane(figure, tuple(layers), title="Samples above their nearest training pictures")
