// A curve of density over the line: a height for each column, drawn in one sweep of the pen.

import { clamp } from "./elements.js";

export function curveModel(start, reach, columns) {
  let heights = start.length === columns ? [...start] : new Array(columns).fill(0);
  let last = null;
  const columnOf = (x) => clamp(Math.round(((x + reach) / (2 * reach)) * (columns - 1)), 0, columns - 1);

  function pen(x, y, begins) {
    const [column, height] = [columnOf(x), y < 0.02 ? 0 : clamp(y, 0, 1)];
    const [from, before] = begins || !last ? [column, height] : last;
    const steps = Math.max(1, Math.abs(column - from));
    for (let k = 0; k <= steps; k += 1) {
      heights[from + Math.round(((column - from) * k) / steps)] = before + ((height - before) * k) / steps;
    }
    last = [column, height];
  }

  return {
    tools: { pen },
    save: () => [...heights],
    restore: (kept) => (heights = kept),
    clear: () => heights.fill(0),
    empty: () => heights.every((height) => height === 0),
    says: () => (heights.every((height) => height === 0) ? "Draw a curve from left to right" : ""),
    text: () => heights.map((height) => height.toFixed(4)).join("\n"),
    // Space sets the column under the cursor to the cursor's height
    press: (x, y) => pen(x, y, true),
    paint(context, place, colours) {
      context.beginPath();
      context.moveTo(...place(-reach, 0));
      heights.forEach((height, k) => context.lineTo(...place(-reach + (2 * reach * k) / (columns - 1), height)));
      context.lineTo(...place(reach, 0));
      context.fillStyle = colours.fill;
      context.fill();
      context.strokeStyle = colours.ink;
      context.lineWidth = 2;
      context.stroke();
    },
  };
}
