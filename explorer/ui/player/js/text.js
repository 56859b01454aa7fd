// Numbers as text, with a true minus.

export function formatNumber(value, digits) {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

// In so many significant digits, such as 0.0123, 41 or 1.2e−7.
export function formatShort(value, digits) {
  return String(Number(value.toPrecision(digits))).replaceAll("-", "−");
}
