// Where particles came from: a short tail behind each, or its whole path as a thin, faint line.

import { locate, nearest } from "./frames.js";
import { paletteColour } from "./theme.js";

const TAIL = 8; // frames, when trails are switched on for particles that bring none
const BUDGET = 14000; // segments per frame that a software renderer draws in 3 ms

export function makeTrails(spec, teamsAt, absent) {
  return spec.trail === "full" ? wholePaths(spec, teamsAt, absent) : tails(spec, teamsAt, absent);
}

function pixels(spec, view) {
  const { scale, offset } = spec.xy;
  return {
    kx: view.x.scale * scale[0],
    ky: view.y.scale * scale[1],
    cx: view.x.shift + view.x.scale * offset[0],
    cy: view.y.shift + view.y.scale * offset[1],
  };
}

// Adds to the path the piece of one particle's way from frame a the fraction u towards frame b.
function segment(context, data, count, at, a, b, u, absent) {
  const from = 2 * (a * count + at.i);
  const to = 2 * (b * count + at.i);
  const x = data[from];
  if (x === absent || data[to] === absent) return;
  const y = data[from + 1];
  context.moveTo(at.cx + at.kx * x, at.cy + at.ky * y);
  context.lineTo(
    at.cx + at.kx * (x + (data[to] - x) * u),
    at.cy + at.ky * (y + (data[to + 1] - y) * u),
  );
}

function tails(spec, teamsAt, absent) {
  const { data } = spec.xy;
  const count = spec.xy.shape[1];
  const length = spec.trail || TAIL;
  const stride = Math.max(1, Math.ceil((count * length) / BUDGET)); // every stride-th particle

  function draw(context, view, position, scene) {
    const { a, b, u } = locate(spec.times.data, position);
    const at = { ...pixels(spec, view), i: 0 };
    context.lineWidth = 1; // a hairline: any wider one costs a software renderer ten times as much
    const first = Math.max(0, a - length);
    const parts = [first, Math.floor((2 * first + a) / 3), Math.floor((first + 2 * a) / 3), a];
    for (const { colour, members } of teamsAt(nearest({ a, b, u }))) {
      context.strokeStyle = paletteColour(scene.theme, colour, scene.theme.palette[1]);
      for (let part = 0; part < 3; part += 1) {
        context.globalAlpha = 0.12 + 0.14 * part; // fading towards the past
        context.beginPath();
        for (let m = 0; m < members.length; m += stride) {
          at.i = members[m];
          for (let k = parts[part]; k < parts[part + 1]; k += 1) {
            segment(context, data, count, at, k, k + 1, 1, absent);
          }
          if (part === 2) segment(context, data, count, at, a, b, u, absent);
        }
        context.stroke();
      }
    }
    context.globalAlpha = 1;
  }

  return { draw };
}

// Whole paths grow on a canvas of their own, step by step; only a jump back draws them anew.
function wholePaths(spec, teamsAt, absent) {
  const { data } = spec.xy;
  const count = spec.xy.shape[1];
  const alpha = Math.min(0.5, Math.max(0.07, 5 / Math.sqrt(count)));
  const canvas = new OffscreenCanvas(1, 1);
  const paper = canvas.getContext("2d");
  let drawnFor = "";
  let reached = 0;

  function stroke(context, view, scene, a, b, u) {
    const at = { ...pixels(spec, view), i: 0 };
    context.lineWidth = 1;
    context.globalAlpha = alpha;
    for (const { colour, members } of teamsAt(b)) {
      context.strokeStyle = paletteColour(scene.theme, colour, scene.theme.palette[1]);
      context.beginPath();
      for (let m = 0; m < members.length; m += 1) {
        at.i = members[m];
        segment(context, data, count, at, a, b, u, absent);
      }
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  function draw(context, view, position, scene) {
    const { a, b, u } = locate(spec.times.data, position);
    const { dpr, stage } = view;
    const key = [view.x.scale, view.x.shift, view.y.scale, view.y.shift, dpr, scene.theme.dark];
    if (drawnFor !== key.join() || reached > a) {
      canvas.width = stage.width * dpr;
      canvas.height = stage.height * dpr;
      paper.setTransform(dpr, 0, 0, dpr, 0, 0);
      drawnFor = key.join();
      reached = 0;
    }
    for (; reached < a; reached += 1) stroke(paper, view, scene, reached, reached + 1, 1);
    context.drawImage(canvas, 0, 0, canvas.width / dpr, canvas.height / dpr);
    if (u > 0) stroke(context, view, scene, a, b, u);
  }

  return { draw };
}
