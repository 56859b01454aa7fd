// Particles: positions between two frames, stamped in their colours, with their trails.

import { locate, nearest } from "./frames.js";
import { clearSheet, makeSheet, makeStamp, stampAll } from "./sprites.js";
import { paletteColour, toRgb } from "./theme.js";
import { makeTrails } from "./trails.js";

const ABSENT = -32768;

// Indices of the particles that share a colour and a shape, with the colours of one frame.
function groups(spec, count, frame) {
  const found = new Map();
  for (let i = 0; i < count; i += 1) {
    const colour = spec.colours ? spec.colours.data[frame * count + i] : null;
    const shape = spec.shapes ? spec.shapes.data[i] : 0;
    const key = `${colour} ${shape}`;
    if (!found.has(key)) found.set(key, { colour, shape, members: [] });
    found.get(key).members.push(i);
  }
  return [...found.values()].map((group) => ({ ...group, members: Int32Array.from(group.members) }));
}

// frame → its groups; those of the last frame asked for are kept.
function makeTeams(spec, count) {
  const changing = spec.colours?.shape.length === 2;
  let known = -1;
  let teams = null;
  return (frame) => {
    const wanted = changing ? frame : 0;
    if (wanted !== known) teams = groups(spec, count, wanted);
    known = wanted;
    return teams;
  };
}

// Pixels of all particles at `position` into xs, ys: x · scale + offset, NaN where absent.
function place(spec, position, map, xs, ys) {
  const { data, scale, offset } = spec.xy;
  const count = xs.length;
  const { a, b, u } = locate(spec.times.data, position);
  const kx = map.x.scale * scale[0];
  const ky = map.y.scale * scale[1];
  const cx = map.x.shift + map.x.scale * offset[0];
  const cy = map.y.shift + map.y.scale * offset[1];
  let from = 2 * a * count;
  let to = 2 * b * count;
  for (let i = 0; i < count; i += 1, from += 2, to += 2) {
    const x = data[from];
    const gone = x === ABSENT || data[to] === ABSENT;
    xs[i] = gone ? NaN : cx + kx * (x + (data[to] - x) * u);
    ys[i] = cy + ky * (data[from + 1] + (data[to + 1] - data[from + 1]) * u);
  }
}

export function particlesLayer(spec) {
  const count = spec.xy.shape[1];
  const teamsAt = makeTeams(spec, count);
  const xs = new Float32Array(count);
  const ys = new Float32Array(count);
  const sheet = makeSheet();
  const stamps = new Map();
  const trails = makeTrails(spec, teamsAt, ABSENT);

  function stamp(shape, radius) {
    const key = `${shape} ${radius}`;
    if (!stamps.has(key)) stamps.set(key, makeStamp(shape, radius));
    return stamps.get(key);
  }

  function draw(context, view, position, scene) {
    const { dpr } = view;
    if (scene.trails ?? Boolean(spec.trail)) trails.draw(context, view, position, scene);
    const margin = Math.ceil(3 * spec.size * dpr) + 4;
    const left = Math.floor(view.left * dpr) - margin;
    const top = Math.floor(view.top * dpr) - margin;
    clearSheet(
      sheet,
      Math.ceil(view.width * dpr) + 2 * margin,
      Math.ceil(view.height * dpr) + 2 * margin,
    );
    const map = {
      x: { scale: view.x.scale * dpr, shift: view.x.shift * dpr - left },
      y: { scale: view.y.scale * dpr, shift: view.y.shift * dpr - top },
    };
    place(spec, position, map, xs, ys);
    for (const team of teamsAt(nearest(locate(spec.times.data, position)))) {
      const colour = toRgb(paletteColour(scene.theme, team.colour, scene.theme.palette[1]));
      const mark = stamp(team.shape, (spec.size / 2) * dpr);
      stampAll(sheet, mark, team.members, xs, ys, colour, spec.opacity);
    }
    sheet.context.putImageData(sheet.image, 0, 0);
    context.drawImage(sheet.canvas, left / dpr, top / dpr, sheet.width / dpr, sheet.height / dpr);
  }

  return { front: true, draw, hasTrails: true, legend: legendOf(spec) };
}

function legendOf(spec) {
  return spec.name ? { name: spec.name, colour: spec.colours ? spec.colours.data[0] : 1 } : null;
}
