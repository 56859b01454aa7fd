// Reads the payload that encode.py writes: a JSON header, then buffers of quantised numbers.

const TYPES = { u1: Uint8Array, i2: Int16Array, f4: Float32Array };

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

// A buffer's entry gains `data`, a typed array of what is stored (not yet scaled).
async function fill(entry, buffer, start) {
  const at = start + entry.at;
  if (entry.deflated) {
    entry.data = new TYPES[entry.type](await inflate(new Uint8Array(buffer, at, entry.bytes)));
  } else {
    const Type = TYPES[entry.type];
    entry.data = new Type(buffer, at, entry.bytes / Type.BYTES_PER_ELEMENT);
  }
}

function* entries(value) {
  if (value === null || typeof value !== "object") return;
  if ("deflated" in value) yield value;
  else for (const part of Object.values(value)) yield* entries(part);
}

export async function decode(payload) {
  const { buffer } = payload.slice(); // a copy, so that every typed array is aligned
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const wanted = header.panes.flatMap((pane) => [...entries(pane.layers)]);
  await Promise.all(wanted.map((entry) => fill(entry, buffer, 4 + length)));
  return header;
}
