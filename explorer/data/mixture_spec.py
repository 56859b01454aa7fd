"""A Gaussian mixture as plain numbers: what an editor edits, a link carries and a cache hashes.

As text, modes are joined by `~` and a mode's numbers by `_`, characters that no link escapes:
weight, mean and standard deviation in 1D (`1_-5_1~1_5_1`); weight, two means, two standard
deviations and their correlation in 2D (`1_0_1_1_1_0~1_2_-1_1.4_1_0.35`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MAX_MODES = 8
BOUND = 20.0
MIN_STD = 0.01
MAX_CORRELATION = 0.99
MAX_WEIGHT = 1000.0

COLUMNS: dict[int, tuple[str, ...]] = {
    1: ("Weight", "Mean", "Std σ"),
    2: ("Weight", "Mean x", "Mean y", "Std σ x", "Std σ y", "Correlation"),
}
"""What each number of a mode is called, by dimension."""

Row = Sequence[float | None]
"""A mode's numbers in the order of `COLUMNS`; None where one is missing."""


@dataclass(frozen=True)
class MixtureSpec:
    """Σ_k w_k N(μ_k, C_k) with K modes in `dim` (1 or 2) coordinates; weights need not sum to 1."""

    dim: int
    weights: tuple[float, ...]
    means: tuple[tuple[float, ...], ...]
    covariances: tuple[tuple[tuple[float, ...], ...], ...]

    @classmethod
    def from_rows(cls, dim: int, rows: Sequence[Row]) -> MixtureSpec:
        """The mixture of these modes; ValueError naming every mode and column that is wrong."""
        wrong = problems(dim, rows)
        if wrong:
            raise ValueError(" ".join(wrong))
        modes = [tuple(float(n) for n in row if n is not None) for row in rows]
        if dim == 1:
            return cls(
                1,
                tuple(w for w, _, _ in modes),
                tuple((mean,) for _, mean, _ in modes),
                tuple(((std**2,),) for _, _, std in modes),
            )
        return cls(
            2,
            tuple(mode[0] for mode in modes),
            tuple((x, y) for _, x, y, *_ in modes),
            tuple(((a * a, r * a * b), (r * a * b, b * b)) for _, _, _, a, b, r in modes),
        )

    @classmethod
    def parse(cls, text: str, dim: int) -> MixtureSpec:
        """The mixture written as `text`; ValueError where it is not one of `dim` coordinates."""
        if len(text) > 1000:
            raise ValueError(f"{len(text)} characters are too many for {MAX_MODES} modes")
        rows = []
        for mode in text.split("~"):
            try:
                rows.append([float(number) for number in mode.split("_")])
            except ValueError:
                raise ValueError(f"{mode[:40]!r} is not a row of numbers joined by _") from None
        return cls.from_rows(dim, rows)

    def rows(self) -> list[tuple[float, ...]]:
        """The modes in the order of `COLUMNS`, six significant digits each."""
        table = []
        for weight, mean, covariance in zip(
            self.weights, self.means, self.covariances, strict=True
        ):
            stds = [math.sqrt(covariance[i][i]) for i in range(self.dim)]
            shape = stds if self.dim == 1 else [*stds, covariance[0][1] / (stds[0] * stds[1])]
            table.append(tuple(float(f"{n:.6g}") for n in (weight, *mean, *shape)))
        return table

    def format(self) -> str:
        """The text that `parse` reads."""
        return "~".join("_".join(f"{number:g}" for number in row) for row in self.rows())

    def check(self) -> None:
        """Raise ValueError where a number is out of bounds; see `problems`."""
        MixtureSpec.from_rows(self.dim, self.rows())


def problems(dim: int, rows: Sequence[Row]) -> list[str]:
    """What is wrong with these modes, one sentence for each, by mode and column; none if usable."""
    if dim not in COLUMNS:
        return [f"{dim} coordinates are not supported; give 1 or 2."]
    names = COLUMNS[dim]
    if not 1 <= len(rows) <= MAX_MODES:
        return [f"{len(rows)} modes are not supported; give 1 to {MAX_MODES}."]
    wrong = []
    for k, row in enumerate(rows, start=1):
        if len(row) != len(names):
            wrong.append(f"Mode {k} has {len(row)} numbers; give {', '.join(names)}.")
            continue
        for name, number in zip(names, row, strict=True):
            low, high = _range(name)
            if number is None or not math.isfinite(number) or not low <= number <= high:
                shown = "nothing" if number is None else f"{number:g}"
                wrong.append(f"Mode {k}, {name}: {shown} is not usable; give {low:g} to {high:g}.")
    if not wrong and not any(row[0] for row in rows):
        wrong.append("Weight: all are 0; give at least one mode a positive weight.")
    return wrong


def _range(column: str) -> tuple[float, float]:
    if column == "Weight":
        return 0.0, MAX_WEIGHT
    if column.startswith("Std"):
        return MIN_STD, BOUND
    if column == "Correlation":
        return -MAX_CORRELATION, MAX_CORRELATION
    return -BOUND, BOUND


DEFAULTS = {
    1: MixtureSpec.parse("1_-5_1~1_5_1", 1),
    2: MixtureSpec.from_rows(
        2, [(1, 0, 1, 1, 1, 0), (1, 2, -1, math.sqrt(2), 1, math.sqrt(0.125))]
    ),
}
"""The tutorial's mixtures, by dimension: where an editor starts."""
