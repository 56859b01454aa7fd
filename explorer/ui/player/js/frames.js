// Where between two frames a clock position falls, and what values stand there.

// Times have 32 bits: the clock's own steps may lie a little before those of the frames.
const SAME = 1e-6;

// {a, b, u}: position lies the fraction u of the way from frame a to frame b.
export function locate(times, position) {
  const last = times.length - 1;
  if (last === 0 || position <= times[0]) return { a: 0, b: 0, u: 0 };
  if (position >= times[last]) return { a: last, b: last, u: 0 };
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle] <= position + SAME) low = middle;
    else high = middle;
  }
  const u = (position - times[low]) / (times[high] - times[low]);
  return { a: low, b: high, u: Math.max(0, u) };
}

// The frame that a position is nearest to, for what cannot be blended.
export function nearest({ a, b, u }) {
  return u < 0.5 ? a : b;
}

// The frame at `position` of a buffer [F, ...rest], scaled, written into `out` (one frame long).
export function blend(entry, times, position, out) {
  const { a, b, u } = locate(times, position);
  const { data, scale, offset } = entry;
  const size = out.length;
  const from = a * size;
  const to = b * size;
  for (let k = 0; k < size; k += 1) {
    const value = data[from + k];
    out[k] = offset + scale * (value + (data[to + k] - value) * u);
  }
  return out;
}

export function frameSize(entry) {
  return entry.shape.slice(1).reduce((product, n) => product * n, 1);
}
