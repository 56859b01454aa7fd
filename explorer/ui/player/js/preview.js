// Where Plotly is going to put a figure's axes, worked out before plotly.js has arrived, so that the
// first picture need not wait for it. Only for one pair of linear axes with ranges of their own.

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

function axis(spec, offset, length) {
  const [low, high] = spec.range;
  return { low, high, offset, length, scale: length / (high - low) };
}

// What viewOf gives for a drawn figure; null where this cannot be told.
export function foreseenView({ layout }, axes, size, dpr) {
  const { xaxis, yaxis } = layout;
  const plain = (spec) => spec?.range && (!spec.type || spec.type === "linear") && !spec.domain;
  if (axes.join() !== "x,y" || !plain(xaxis) || !plain(yaxis)) return null;
  const margin = { ...MARGIN, ...layout.margin };
  const x = axis(xaxis, margin.l, size.width - margin.l - margin.r);
  const y = axis(yaxis, margin.t, size.height - margin.t - margin.b);
  if (xaxis.scaleanchor || yaxis.scaleanchor) {
    if (x.scale > y.scale) equalise(x, y, xaxis.constrain);
    else equalise(y, x, yaxis.constrain);
  }
  return {
    x: { scale: x.scale, shift: x.offset - x.scale * x.low },
    y: { scale: -y.scale, shift: y.offset + y.scale * y.high },
    left: x.offset,
    top: y.offset,
    width: x.length,
    height: y.length,
    stage: size,
    dpr,
  };
}
