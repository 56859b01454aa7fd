// Where Plotly is going to put a figure's axes, worked out before plotly.js has arrived, so that the
// first picture need not wait for it. Only for axes with ranges of their own.

import { MARGIN } from "./theme.js";

// With equal scales the axis with pixels to spare shows more ("range") or shrinks ("domain").
function equalise(wide, narrow, constrain) {
  const spare = wide.length - narrow.scale * (wide.high - wide.low);
  if (constrain === "domain") {
    wide.offset += spare / 2;
    wide.length -= spare;
  } else {
    const more = spare / narrow.scale / 2;
    wide.low -= more;
    wide.high += more;
  }
  wide.scale = narrow.scale;
}

// An axis along `room` pixels from `start`, of which its domain may take a part.
function axis({ range: [low, high], domain }, start, room, upward) {
  const [from, to] = domain ?? [0, 1];
  const offset = start + room * (upward ? 1 - to : from);
  const length = room * (to - from);
  return { low, high, offset, length, scale: length / (high - low) };
}

// What viewOf gives for a drawn figure; null where this cannot be told.
export function foreseenView({ layout }, axes, size, dpr) {
  const [xaxis, yaxis] = axes.map((name) => layout[`${name[0]}axis${name.slice(1)}`]);
  const plain = (spec) => spec?.range && [undefined, "linear", "log"].includes(spec.type);
  if (!plain(xaxis) || !plain(yaxis)) return null;
  const margin = { ...MARGIN, ...layout.margin };
  const x = axis(xaxis, margin.l, size.width - margin.l - margin.r, false);
  const y = axis(yaxis, margin.t, size.height - margin.t - margin.b, true);
  if (xaxis.scaleanchor || yaxis.scaleanchor) {
    if (x.scale > y.scale) equalise(x, y, xaxis.constrain);
    else equalise(y, x, yaxis.constrain);
  }
  return {
    x: { scale: x.scale, shift: x.offset - x.scale * x.low },
    y: { scale: -y.scale, shift: y.offset + y.scale * y.high, log: yaxis.type === "log" },
    left: x.offset,
    top: y.offset,
    width: x.length,
    height: y.length,
    stage: size,
    dpr,
  };
}
