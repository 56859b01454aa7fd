// The head of a payload that encode.py writes: what is to be shown, without its numbers.

export function headerOf({ buffer, byteOffset }) {
  const length = new DataView(buffer, byteOffset).getUint32(0, true);
  return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, byteOffset + 4, length)));
}
