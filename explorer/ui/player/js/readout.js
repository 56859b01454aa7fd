// Values under the pointer: a small label beside it, and an arrow for a vector.

import { locate } from "./frames.js";
import { arrowPath } from "./lines.js";
import { formatNumber } from "./text.js";

// One channel's value at grid coordinates (column, row), bilinear, between its two frames.
function sample(entry, times, position, column, row) {
  const [, rows, columns] = entry.shape;
  const { a, b, u } = locate(times, position);
  const c = Math.min(Math.floor(column), columns - 2);
  const r = Math.min(Math.floor(row), rows - 2);
  const fx = column - c;
  const fy = row - r;
  const at = (frame) => {
    const k = (frame * rows + r) * columns + c;
    const { data } = entry;
    const low = data[k] * (1 - fx) + data[k + 1] * fx;
    const up = data[k + columns] * (1 - fx) + data[k + columns + 1] * fx;
    return low * (1 - fy) + up * fy;
  };
  return entry.offset + entry.scale * (at(a) * (1 - u) + at(b) * u);
}

export function readoutLayer(spec) {
  const names = Object.keys(spec.channels);
  const [, rows, columns] = spec.channels[names[0]].shape;

  // The values at (x, y) in data units, by name, or null outside the grid.
  function valuesAt(x, y, position) {
    const column = ((x - spec.x[0]) / (spec.x[1] - spec.x[0])) * (columns - 1);
    const row = ((y - spec.y[0]) / (spec.y[1] - spec.y[0])) * (rows - 1);
    if (!(column >= 0 && column <= columns - 1 && row >= 0 && row <= rows - 1)) return null;
    const { data } = spec.times;
    return Object.fromEntries(
      names.map((name) => [name, sample(spec.channels[name], data, position, column, row)]),
    );
  }

  function text(values) {
    const show = (name) => formatNumber(values[name], spec.digits);
    const parts = names.filter((name) => !spec.vector?.includes(name)).map((n) => `${n} = ${show(n)}`);
    if (spec.vector) parts.unshift(`${spec.vector_label} = (${spec.vector.map(show).join(", ")})`);
    return parts.join("  ");
  }

  function draw(context, view, position, scene) {
    if (!scene.pointer) return;
    const x = (scene.pointer.x - view.x.shift) / view.x.scale;
    const y = (scene.pointer.y - view.y.shift) / view.y.scale;
    const values = valuesAt(x, y, position);
    if (!values) return;
    scene.label(text(values));
    if (!spec.vector) return;
    const [vx, vy] = spec.vector.map((name) => values[name]);
    context.beginPath();
    arrowPath(context, scene.pointer.x, scene.pointer.y, view.x.scale * vx, view.y.scale * vy);
    context.strokeStyle = scene.theme.text;
    context.lineWidth = 2;
    context.lineCap = "round";
    context.stroke();
  }

  return { front: true, draw, pointed: true };
}
