// The controls' icons, drawn on a 20 × 20 grid in the text's colour.

const filled = (path) =>
  `<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><path fill="currentColor" d="${path}"/></svg>`;

const stroked = (path) =>
  `<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" d="${path}"/></svg>`;

export const ICONS = {
  fill: stroked("M7.5 3.5h-4v4m9-4h4v4m0 5v4h-4m-5 0h-4v-4"),
  keys: stroked("M7.2 7.4c.2-1.6 1.3-2.6 2.9-2.6 1.7 0 2.9 1 2.9 2.5 0 2.2-2.9 2.3-2.9 4.6M10.1 15.2v.01"),
  play: filled("M6.2 3.6c0-.8.9-1.3 1.6-.9l9 6.4c.6.4.6 1.3 0 1.8l-9 6.4c-.7.4-1.6 0-1.6-.9z"),
  pause: filled("M5.5 3h2.6c.5 0 .9.4.9.9v12.2c0 .5-.4.9-.9.9H5.5c-.5 0-.9-.4-.9-.9V3.9c0-.5.4-.9.9-.9zm6.4 0h2.6c.5 0 .9.4.9.9v12.2c0 .5-.4.9-.9.9h-2.6c-.5 0-.9-.4-.9-.9V3.9c0-.5.4-.9.9-.9z"),
  start: filled("M4 4.5c0-.4.3-.8.8-.8s.8.4.8.8v4.6l8.6-5.2c.6-.4 1.3 0 1.3.7v10.8c0 .7-.7 1.1-1.3.7l-8.6-5.2v4.6c0 .4-.3.8-.8.8s-.8-.4-.8-.8z"),
  end: filled("M16 4.5c0-.4-.3-.8-.8-.8s-.8.4-.8.8v4.6L5.8 3.9c-.6-.4-1.3 0-1.3.7v10.8c0 .7.7 1.1 1.3.7l8.6-5.2v4.6c0 .4.3.8.8.8s.8-.4.8-.8z"),
  back: stroked("M12.5 4.5 7 10l5.5 5.5"),
  forward: stroked("M7.5 4.5 13 10l-5.5 5.5"),
  loop: stroked("M4 9.5V8.2C4 6.4 5.4 5 7.2 5H15m-2.6-2.6L15 5l-2.6 2.6M16 10.5v1.3c0 1.8-1.4 3.2-3.2 3.2H5m2.6 2.6L5 15l2.6-2.6"),
  trails: stroked("M3 15.5c2.2 0 3-2.2 4.2-4.6S9.700 6 12 6M3 11c1.500 0 2.400-1 3.300-2.600M14.800 6a1.700 1.700 0 1 0 .010 0z"),
};
