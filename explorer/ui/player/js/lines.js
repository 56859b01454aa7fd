// Layers of strokes and boxes: arrows, bars, curves and a cursor.

import { blend, frameSize, locate } from "./frames.js";
import { formatNumber, formatShort } from "./text.js";
import { paletteColour } from "./theme.js";

const DASHES = { "": [], dash: [6, 4], dot: [2, 3] };

// One arrow from (x, y) by (dx, dy) in pixels, added to the path.
export function arrowPath(context, x, y, dx, dy) {
  const length = Math.hypot(dx, dy);
  if (length < 0.5) return;
  const tipX = x + dx;
  const tipY = y + dy;
  const head = Math.min(6, 0.45 * length) / length;
  context.moveTo(x, y);
  context.lineTo(tipX, tipY);
  context.moveTo(tipX - head * (dx + 0.6 * dy), tipY - head * (dy - 0.6 * dx));
  context.lineTo(tipX, tipY);
  context.lineTo(tipX - head * (dx - 0.6 * dy), tipY - head * (dy + 0.6 * dx));
}

export function arrowsLayer(spec) {
  const vectors = new Float32Array(frameSize(spec.vectors));
  const moving = spec.xy.shape.length === 3;
  const feet = moving ? new Float32Array(frameSize(spec.xy)) : spec.xy.data;

  function draw(context, view, position, scene) {
    if (moving) blend(spec.xy, spec.times.data, position, feet);
    blend(spec.vectors, spec.times.data, position, vectors);
    context.beginPath();
    for (let k = 0; k < feet.length; k += 2) {
      arrowPath(
        context,
        view.x.shift + view.x.scale * feet[k],
        view.y.shift + view.y.scale * feet[k + 1],
        view.x.scale * vectors[k],
        view.y.scale * vectors[k + 1],
      );
    }
    context.strokeStyle = paletteColour(scene.theme, spec.colour, scene.theme.text);
    context.globalAlpha = spec.colour === null ? 0.55 : 0.9;
    context.lineWidth = spec.width;
    context.lineCap = "round";
    context.stroke();
    context.globalAlpha = 1;
  }

  return { front: true, draw };
}

export function barsLayer(spec) {
  const heights = new Float32Array(frameSize(spec.heights));
  const edges = spec.edges.data;

  function draw(context, view, position, scene) {
    blend(spec.heights, spec.times.data, position, heights);
    const across = spec.horizontal ? view.y : view.x;
    const along = spec.horizontal ? view.x : view.y;
    const foot = along.shift;
    context.beginPath();
    for (let k = 0; k < heights.length; k += 1) {
      const start = across.shift + across.scale * edges[k];
      const width = across.scale * (edges[k + 1] - edges[k]);
      const gap = Math.abs(width) > 5 ? Math.sign(width) : 0;
      const length = along.scale * heights[k];
      if (spec.horizontal) context.rect(foot, start, length, width - gap);
      else context.rect(start, foot, width - gap, length);
    }
    context.fillStyle = paletteColour(scene.theme, spec.colour, scene.theme.palette[0]);
    context.globalAlpha = spec.opacity;
    context.fill();
    context.globalAlpha = 1;
  }

  return { front: false, draw, legend: spec.name ? { name: spec.name, colour: spec.colour ?? 0 } : null };
}

export function curveLayer(spec) {
  const values = new Float32Array(frameSize(spec.py));
  const along = spec.px.data;

  function draw(context, view, position, scene) {
    blend(spec.py, spec.times.data, position, values);
    context.beginPath();
    for (let k = 0; k < along.length; k += 1) {
      const x = spec.horizontal ? values[k] : along[k];
      const y = spec.horizontal ? along[k] : values[k];
      context.lineTo(view.x.shift + view.x.scale * x, view.y.shift + view.y.scale * y);
    }
    context.strokeStyle = paletteColour(scene.theme, spec.colour, scene.theme.palette[0]);
    context.lineWidth = spec.width;
    context.lineJoin = "round";
    context.setLineDash(DASHES[spec.dash]);
    context.stroke();
    context.setLineDash([]);
    if (spec.reads && scene.pointer) read(context, view, scene);
  }

  // Marks the point over the pointer's x, and says what it is.
  function read(context, view, { pointer, readings }) {
    const across = pointer.x - view.left;
    const down = pointer.y - view.top;
    if (across < 0 || across > view.width || down < 0 || down > view.height) return;
    const x = (pointer.x - view.x.shift) / view.x.scale;
    if (x < along[0] || x > along.at(-1)) return;
    const { a, b, u } = locate(along, x);
    const y = values[a] + (values[b] - values[a]) * u;
    context.beginPath();
    context.arc(pointer.x, view.y.shift + view.y.scale * y, spec.width + 1.5, 0, 2 * Math.PI);
    context.fillStyle = context.strokeStyle;
    context.fill();
    const value = formatShort(view.y.log ? 10 ** y : y, 3);
    readings.push({ at: `${spec.reads} = ${formatNumber(x, 2)}`, text: `${spec.name}: ${value}` });
  }

  const legend = spec.name ? { name: spec.name, colour: spec.colour ?? 0, line: true, dash: spec.dash } : null;
  return { front: true, draw, legend, pointed: Boolean(spec.reads) };
}

export function cursorLayer(spec) {
  const value = new Float32Array(1);

  function draw(context, view, position, scene) {
    blend(spec.at, spec.times.data, position, value);
    const { left, top, width, height } = view;
    context.beginPath();
    if (spec.horizontal) {
      const y = view.y.shift + view.y.scale * value[0];
      context.moveTo(left, y);
      context.lineTo(left + width, y);
    } else {
      const x = view.x.shift + view.x.scale * value[0];
      context.moveTo(x, top);
      context.lineTo(x, top + height);
    }
    context.strokeStyle = paletteColour(scene.theme, spec.colour, scene.theme.text);
    context.globalAlpha = 0.65;
    context.lineWidth = 1.5;
    context.stroke();
    context.globalAlpha = 1;
  }

  return { front: true, draw };
}
