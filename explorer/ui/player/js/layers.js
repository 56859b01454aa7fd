// From a layer's kind to the thing that draws it: {front, draw(context, view, position, scene)}.
//
// A `view` says where data lie on the stage: x and y are {scale, shift} (pixel = shift + scale ·
// value), left, top, width and height bound the plotting area. Layers with `front` lie over the
// figure's traces, the others under them.

import { densityLayer, tintLayer } from "./fields.js";
import { handleLayer } from "./handle.js";
import { imagesLayer } from "./images.js";
import { arrowsLayer, barsLayer, cursorLayer, curveLayer } from "./lines.js";
import { particlesLayer } from "./particles.js";
import { readoutLayer } from "./readout.js";

const MAKERS = {
  particles: particlesLayer,
  density: densityLayer,
  tint: tintLayer,
  images: imagesLayer,
  arrows: arrowsLayer,
  bars: barsLayer,
  curve: curveLayer,
  cursor: cursorLayer,
  readout: readoutLayer,
  handle: handleLayer,
};

export function makeLayer(spec) {
  return { axes: spec.axes, trailed: Boolean(spec.trail), ...MAKERS[spec.kind](spec) };
}
