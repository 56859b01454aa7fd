// Iso-lines of a grid by marching squares.

// For each of the 16 corner patterns, pairs of cell sides to join: 0 below, 1 right, 2 above, 3 left.
const SIDES = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 0], [1, 2]], [[0, 2]], [[3, 2]],
  [[2, 3]], [[2, 0]], [[0, 1], [2, 3]], [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], [],
];

// Adds the line where `values` (rows × columns) equals `level` to the path; `map` turns grid
// coordinates (column, row) into pixels: x = map.x0 + column · map.dx, and so for rows.
export function tracePath(context, values, rows, columns, level, map) {
  const cut = (p, q) => (level - p) / (q - p);
  const point = (side, row, column, a, b, c, d, move) => {
    let x = column;
    let y = row;
    if (side === 0) x += cut(a, b);
    else if (side === 1) (x += 1), (y += cut(b, c));
    else if (side === 2) (x += cut(d, c)), (y += 1);
    else y += cut(a, d);
    context[move](map.x0 + x * map.dx, map.y0 + y * map.dy);
  };
  for (let row = 0; row < rows - 1; row += 1) {
    let k = row * columns;
    for (let column = 0; column < columns - 1; column += 1, k += 1) {
      const a = values[k];
      const b = values[k + 1];
      const c = values[k + columns + 1];
      const d = values[k + columns];
      const pattern = (a > level) | ((b > level) << 1) | ((c > level) << 2) | ((d > level) << 3);
      if (pattern === 0 || pattern === 15) continue;
      for (const [from, to] of SIDES[pattern]) {
        point(from, row, column, a, b, c, d, "moveTo");
        point(to, row, column, a, b, c, d, "lineTo");
      }
    }
  }
}
