// Pictures in a grid: each pixel a crisp square, of two frames the nearer one.

import { locate, nearest } from "./frames.js";

export function imagesLayer(spec) {
  const [, count, rows, columns] = spec.pixels.shape;
  const sheet = new OffscreenCanvas(count * columns, rows); // all pictures in one row
  const image = new ImageData(sheet.width, rows);
  const sheetContext = sheet.getContext("2d");
  let shown = -1;

  function fill(frame) {
    const { data } = spec.pixels;
    let from = frame * count * rows * columns * 3;
    for (let k = 0; k < count; k += 1) {
      for (let row = 0; row < rows; row += 1) {
        let to = 4 * (row * sheet.width + k * columns);
        for (let column = 0; column < columns; column += 1, from += 3, to += 4) {
          image.data[to] = data[from];
          image.data[to + 1] = data[from + 1];
          image.data[to + 2] = data[from + 2];
          image.data[to + 3] = 255;
        }
      }
    }
    sheetContext.putImageData(image, 0, 0);
    shown = frame;
  }

  function draw(context, view, position) {
    const frame = nearest(locate(spec.times.data, position));
    if (frame !== shown) fill(frame);
    const snap = (pixel) => Math.round(pixel * view.dpr) / view.dpr; // or edges would be blurred
    const { columns: across, corner, gap } = spec;
    const size = Math.abs(view.x.scale) * (1 - 2 * gap);
    context.imageSmoothingEnabled = size * view.dpr < columns; // smaller than it is: no aliasing
    for (let k = 0; k < count; k += 1) {
      const x = corner[0] + (k % across) + gap;
      const y = corner[1] - Math.floor(k / across) - gap;
      const left = snap(view.x.shift + view.x.scale * x);
      const top = snap(view.y.shift + view.y.scale * y);
      context.drawImage(sheet, k * columns, 0, columns, rows, left, top, snap(size), snap(size));
    }
  }

  return { front: false, draw };
}
