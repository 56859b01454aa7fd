// What a picture shows, in words: its legend, and a text for those who do not see it.

import { make } from "./controls.js";
import { formatNumber } from "./text.js";

const QUIET = 400; // milliseconds without a change before it is said

const count = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

// How a layer is told; what has no entry is not.
const TOLD = {
  particles: ({ xy }) => count(xy.shape[1], "particle"),
  density: () => "a density as shade",
  tint: () => "regions by colour",
  images: ({ pixels }) => count(pixels.shape[1], "picture"),
  arrows: ({ vectors }) => count(vectors.shape[1], "arrow"),
  bars: ({ name }) => (name ? `bars: ${name}` : "a histogram"),
  curve: ({ name }) => (name ? `curve: ${name}` : "a curve"),
  handle: ({ name, at }) => `${name} at ${at.map((value) => formatNumber(value, 1)).join(", ")}`,
};

function axisInWords(axis, name) {
  const title = typeof axis?.title === "string" ? axis.title : axis?.title?.text;
  return title ? `${name}: ${title}` : "";
}

// A pane's text alternative: "Exact score. 500 particles, a density as shade. Across: x₁, up: x₂."
export function inWords({ title, figure, layers }) {
  const told = layers.map((layer) => TOLD[layer.kind]?.(layer) ?? "");
  const traces = figure.data.map((trace) => (trace.name ? `trace: ${trace.name}` : ""));
  const shown = [...new Set([...told, ...traces])].filter(Boolean).join(", ");
  const { xaxis, yaxis } = figure.layout;
  const axes = [axisInWords(xaxis, "across"), axisInWords(yaxis, "up")].filter(Boolean).join(", ");
  return [title, shown, axes].filter(Boolean).join(". ") || "Picture";
}

function chip(entry, theme) {
  const element = make("span", entry.line ? "dxp-chip dxp-line" : "dxp-chip");
  element.style.setProperty("--dxp-chip", theme.palette[entry.colour]);
  if (entry.dash) element.classList.add(`dxp-${entry.dash}`);
  element.textContent = entry.name;
  return element;
}

// A pane's legend. Curves of one name, one in each panel of a figure, have one entry.
export function chipsOf(layers, theme) {
  const named = layers.filter((layer) => layer.legend).map(({ legend }) => [legend.name, legend]);
  return [...new Map(named).values()].map((entry) => chip(entry, theme));
}

// A place where `say` puts what has changed, for a screen reader; not seen.
export function makeVoice(root) {
  const element = make("p", "dxp-unseen");
  element.setAttribute("role", "status");
  root.append(element);
  let timer = 0;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => (element.textContent = text), QUIET);
  };
}

const SAID = {
  toggle: ({ playing }, time) => (playing ? "Playing" : `Paused at ${time}`),
  slower: ({ speed }) => `Speed ${speed}`,
  faster: ({ speed }) => `Speed ${speed}`,
  loop: ({ loop }) => (loop ? "Loop on" : "Loop off"),
};

// What came of an action of the clock; `time` is the clock's value as text.
export function outcome(name, clock, time) {
  return SAID[name]?.(clock, time) ?? time;
}
