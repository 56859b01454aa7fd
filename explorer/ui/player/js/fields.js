// Pictures over a grid, under the figure's traces: a density in one hue, a tint of mixed colours.

import { tracePath } from "./contours.js";
import { blend, frameSize } from "./frames.js";
import { paletteColour, toRgb } from "./theme.js";

const STEPS = 8; // bands of a banded density

function smallPicture(rows, columns) {
  const canvas = new OffscreenCanvas(columns, rows);
  const image = new ImageData(columns, rows);
  return { canvas, context: canvas.getContext("2d"), image, words: new Uint32Array(image.data.buffer) };
}

// Scales the picture up so that the outer pixels' centres lie at the ends of x and y.
function paint(context, picture, spec, view) {
  const { width, height } = picture.canvas;
  picture.context.putImageData(picture.image, 0, 0);
  const left = view.x.shift + view.x.scale * spec.x[0];
  const right = view.x.shift + view.x.scale * spec.x[1];
  const top = view.y.shift + view.y.scale * spec.y[1];
  const bottom = view.y.shift + view.y.scale * spec.y[0];
  context.imageSmoothingEnabled = !spec.sharp;
  context.drawImage(
    picture.canvas, 0.5, 0.5, width - 1, height - 1, left, top, right - left, bottom - top,
  );
}

// 256 shades from clear to full, as little-endian RGBA words.
function shades(colour, opacity, bands) {
  const [r, g, b] = toRgb(colour);
  return Uint32Array.from({ length: 256 }, (_, k) => {
    let level = k / 255;
    if (bands) level = Math.floor(level * STEPS + 0.02) / STEPS;
    const alpha = Math.round(255 * opacity * level ** 0.75);
    return ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

// Values on a grid `factor` times as fine, so that bands have smooth edges.
function refine(values, rows, columns, factor, out) {
  const wide = (columns - 1) * factor + 1;
  const high = (rows - 1) * factor + 1;
  for (let row = 0; row < high; row += 1) {
    const r = Math.min(Math.floor(row / factor), rows - 2);
    const v = row / factor - r;
    for (let column = 0; column < wide; column += 1) {
      const c = Math.min(Math.floor(column / factor), columns - 2);
      const u = column / factor - c;
      const k = r * columns + c;
      const low = values[k] + (values[k + 1] - values[k]) * u;
      const up = values[k + columns] + (values[k + columns + 1] - values[k + columns]) * u;
      out[row * wide + column] = low + (up - low) * v;
    }
  }
}

export function densityLayer(spec) {
  const [, rows, columns] = spec.values.shape;
  const values = new Float32Array(frameSize(spec.values));
  const factor = spec.bands ? Math.max(1, Math.round(300 / Math.max(rows, columns))) : 1;
  const high = (rows - 1) * factor + 1;
  const wide = (columns - 1) * factor + 1;
  const picture = smallPicture(high, wide);
  const fine = spec.bands ? new Float32Array(high * wide) : values;
  let table = null;
  let tableFor = null;

  function draw(context, view, position, scene) {
    const hue = paletteColour(scene.theme, spec.colour, scene.theme.density);
    if (tableFor !== hue) {
      table = shades(hue, spec.opacity, spec.bands);
      tableFor = hue;
    }
    blend(spec.values, spec.times.data, position, values);
    if (spec.bands) refine(values, rows, columns, factor, fine);
    for (let row = 0; row < high; row += 1) {
      const from = row * wide;
      const to = (high - 1 - row) * wide; // the lowest y is the picture's last row
      for (let k = 0; k < wide; k += 1) picture.words[to + k] = table[(fine[from + k] * 255 + 0.5) | 0];
    }
    paint(context, picture, spec, view);
    if (spec.contours.length) drawContours(context, view, hue);
  }

  function drawContours(context, view, hue) {
    const map = {
      x0: view.x.shift + view.x.scale * spec.x[0],
      dx: (view.x.scale * (spec.x[1] - spec.x[0])) / (columns - 1),
      y0: view.y.shift + view.y.scale * spec.y[0],
      dy: (view.y.scale * (spec.y[1] - spec.y[0])) / (rows - 1),
    };
    context.beginPath();
    for (const level of spec.contours) tracePath(context, values, rows, columns, level, map);
    context.strokeStyle = hue;
    context.globalAlpha = 0.7;
    context.lineWidth = 1;
    context.stroke();
    context.globalAlpha = 1;
  }

  return { front: false, draw };
}

export function tintLayer(spec) {
  const [, classes, rows, columns] = spec.weights.shape;
  const values = new Float32Array(frameSize(spec.weights));
  const size = rows * columns;
  const picture = smallPicture(rows, columns);

  function draw(context, view, position, scene) {
    const colours = scene.theme.palette.slice(0, classes).map(toRgb);
    const { data } = picture.image;
    blend(spec.weights, spec.times.data, position, values);
    for (let k = 0; k < size; k += 1) {
      const row = Math.floor(k / columns);
      const to = 4 * (k + (rows - 1 - 2 * row) * columns);
      let r = 0;
      let g = 0;
      let b = 0;
      let total = 0;
      for (let c = 0; c < classes; c += 1) {
        const weight = values[c * size + k];
        r += weight * colours[c][0];
        g += weight * colours[c][1];
        b += weight * colours[c][2];
        total += weight;
      }
      const inverse = total > 0 ? 1 / total : 0;
      data[to] = r * inverse;
      data[to + 1] = g * inverse;
      data[to + 2] = b * inverse;
      data[to + 3] = 255 * spec.opacity * Math.min(1, total);
    }
    paint(context, picture, spec, view);
  }

  return { front: false, draw };
}
