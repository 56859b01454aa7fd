// Reads the numbers of a payload that encode.py writes: behind its header, buffers of them, quantised.

const TYPES = { u1: Uint8Array, i2: Int16Array, f4: Float32Array };

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

// What is stored (not yet scaled), as a typed array.
async function stored({ at, bytes, type, deflated }, buffer, start) {
  const Type = TYPES[type];
  if (!deflated) return new Type(buffer, start + at, bytes / Type.BYTES_PER_ELEMENT);
  return new Type(await inflate(new Uint8Array(buffer, start + at, bytes)));
}

// Every entry gains its `data`; entries of panes that share a layer share theirs.
async function fill(wanted, buffer, start) {
  const arrays = new Map();
  const fetched = wanted.map(async (entry) => {
    if (!arrays.has(entry.at)) arrays.set(entry.at, stored(entry, buffer, start));
    entry.data = await arrays.get(entry.at);
  });
  await Promise.all(fetched);
}

function* entries(value) {
  if (value === null || typeof value !== "object") return;
  if ("deflated" in value) yield value;
  else for (const part of Object.values(value)) yield* entries(part);
}

// Gives the payload's `header` its numbers.
export async function decode(payload, header) {
  const { buffer } = payload.slice(); // a copy, so that every typed array is aligned
  const start = 4 + new DataView(buffer).getUint32(0, true);
  const wanted = header.panes.flatMap((pane) => [...entries(pane.layers)]);
  await fill(wanted, buffer, start);
  return header;
}
