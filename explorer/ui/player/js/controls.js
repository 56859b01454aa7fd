// The control bar. Tells `act` what is asked for; shows what it is given.

import { SPEEDS } from "./clock.js";
import { ICONS } from "./icons.js";
import { formatNumber } from "./text.js";

const SCRUBBER_STEPS = 1000;
const SPEED_NAMES = { 0.25: "¼×", 0.5: "½×", 1: "1×", 2: "2×", 4: "4×" };

export function make(tag, className = "", properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  if (className) element.className = className;
  return element;
}

export function button(name, label, act) {
  const element = make("button", `dxp-button dxp-${name}`, { type: "button", title: label });
  element.setAttribute("aria-label", label);
  element.innerHTML = ICONS[name] ?? ICONS.play;
  element.addEventListener("click", () => act(name));
  return element;
}

function speedMenu(act) {
  const menu = make("select", "dxp-speed", { title: "Speed ([ and ])" });
  menu.setAttribute("aria-label", "Speed");
  for (const speed of SPEEDS) menu.append(new Option(SPEED_NAMES[speed], speed));
  menu.addEventListener("change", () => act("speed", Number(menu.value)));
  return menu;
}

function scrubber(act) {
  const range = make("input", "dxp-scrubber", { type: "range", min: 0, max: SCRUBBER_STEPS });
  range.setAttribute("aria-label", "Time");
  range.addEventListener("input", () => act("seek", range.value / SCRUBBER_STEPS));
  return range;
}

// The clock's value at a position, as text: "t = 0.43".
export function clockText({ label, values, digits }, position) {
  const at = position * (values.length - 1);
  const low = Math.min(Math.floor(at), Math.max(0, values.length - 2));
  const high = Math.min(low + 1, values.length - 1);
  const value = values[low] + (values[high] - values[low]) * (at - low);
  return `${label} = ${formatNumber(value, digits)}`;
}

// Sets a player's size and says what it is: an animation, or a still chart without a bar.
export function dress(root, bar, { height, columns, still }, count) {
  root.style.setProperty("--dxp-height", `${height}px`);
  root.style.setProperty("--dxp-columns", Math.min(columns, count));
  root.setAttribute("role", still ? "figure" : "region");
  root.setAttribute("aria-label", still ? "Chart" : "Animation; space plays, ? lists the keys");
  bar.hidden = still;
}

export function makeControls(act) {
  const bar = make("div", "dxp-bar");
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Player controls");
  const buttons = {
    start: button("start", "To the start (Home)", act),
    back: button("back", "One step back (←)", act),
    toggle: button("toggle", "Play (space)", act),
    forward: button("forward", "One step on (→)", act),
    end: button("end", "To the end (End)", act),
    loop: button("loop", "Loop (L)", act),
    trails: button("trails", "Trails (T)", act),
    keys: button("keys", "Keys (?)", act),
  };
  const range = scrubber(act);
  const readout = make("output", "dxp-time");
  readout.setAttribute("aria-live", "off"); // it changes with every frame
  const speed = speedMenu(act);
  const { start, back, toggle, forward, end, loop, trails, keys } = buttons;
  bar.append(start, back, toggle, forward, end, range, readout, speed, loop, trails, keys);
  let playing = null;

  function show(state, clockSpec) {
    if (playing !== state.playing) {
      playing = state.playing;
      const label = playing ? "Pause (space)" : "Play (space)";
      toggle.innerHTML = playing ? ICONS.pause : ICONS.play;
      toggle.title = label;
      toggle.setAttribute("aria-label", label);
    }
    const text = clockText(clockSpec, state.position);
    range.value = Math.round(state.position * SCRUBBER_STEPS);
    range.style.setProperty("--dxp-done", `${100 * state.position}%`);
    // who hears the slider is told where it stands when it has stopped, not sixty times a second
    const heard = state.playing && document.activeElement === range;
    if (!heard) range.setAttribute("aria-valuetext", text);
    readout.textContent = text;
    speed.value = String(state.speed);
    loop.setAttribute("aria-pressed", String(state.loop));
    trails.setAttribute("aria-pressed", String(state.trails));
    trails.hidden = !state.hasTrails;
  }

  // The read-out gets room for its widest text, so that the bar does not twitch.
  function reserve(clockSpec) {
    const ends = [0, 0.5, 1].map((p) => clockText(clockSpec, p).length);
    readout.style.minWidth = `${Math.max(...ends) + 1}ch`;
  }

  return { bar, show, reserve };
}
