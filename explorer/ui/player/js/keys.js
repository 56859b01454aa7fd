// The keyboard: which key asks for what, and the list of keys.

import { make } from "./controls.js";

const KEYS = {
  " ": "toggle",
  ArrowLeft: "back",
  ArrowRight: "forward",
  Home: "start",
  End: "end",
  "[": "slower",
  "]": "faster",
  l: "loop",
  t: "trails",
  "+": "nearer",
  "=": "nearer", // the same key without shift
  "-": "farther",
  0: "whole",
  f: "fill",
  p: "next",
  Escape: "leave",
  "?": "keys",
};
const PANS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

const LIST = [
  [["Space"], "Play, pause"],
  [["←", "→"], "One step back, one step on"],
  [["Home", "End"], "To the start, to the end"],
  [["[", "]"], "Slower, faster"],
  [["L"], "Loop"],
  [["T"], "Trails"],
  [["Tab"], "To the next picture or button"],
  [["+", "−", "0"], "Zoom in, zoom out, the whole picture"],
  [["Shift", "← → ↑ ↓"], "Move a zoomed picture"],
  [["← → ↑ ↓"], "Move the star of a picture that has one"],
  [["F"], "Fill the window with one picture, and back"],
  [["P"], "The next picture"],
  [["Page up", "Page down"], "Steps of a story"],
  [["H"], "Ring at the pointer, in projector mode"],
  [["?"], "This list"],
];

const OTHERS = "input:not([type=range]), textarea, select, [contenteditable], [role=slider], dialog *";

// What a key asks for and, of a move over the picture, which way.
function asked({ key, shiftKey }) {
  if (shiftKey && PANS[key]) return ["pan", PANS[key]];
  return [KEYS[key.length === 1 ? key.toLowerCase() : key]];
}

// Whether the element that has the focus wants this key for itself.
function kept(active, key) {
  if (active.closest("dialog")) return true;
  // the star keeps the keys that move it, a button or menu those that work it
  if (active.matches(".dxp-grip")) return key.startsWith("Arrow");
  if (active.matches("select") && key === "0") return true;
  return active.matches("button, select") && [" ", "Home", "End"].includes(key);
}

// What has the focus once a page's text was clicked: Streamlit's scrolling part of it, or all.
const GROUND = 'body, [data-testid="stMain"]';

// Keys act where the player has the focus, or else under the pointer when nobody else has it. The
// list of keys comes up on the first player from wherever nothing is typed.
export function listenToKeys(root, act) {
  let hovered = false;
  const onKey = (event) => {
    const [action, value] = asked(event);
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    const active = document.activeElement ?? document.body;
    const focused = root.contains(active);
    const first = action === "keys" && document.querySelector(".dxp") === root;
    const near = hovered || root.matches(".dxp-filled");
    const free = first ? !active.matches(OTHERS) : near && active.matches(GROUND);
    if (focused ? kept(active, event.key) : !free) return;
    if (act(action, value) === false) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const enter = () => (hovered = true);
  const leave = () => (hovered = false);
  root.addEventListener("pointerenter", enter);
  root.addEventListener("pointerleave", leave);
  document.addEventListener("keydown", onKey, true);
  return () => document.removeEventListener("keydown", onKey, true);
}

function row([keys, words]) {
  const line = make("tr");
  const head = make("th", "", { scope: "row" });
  head.append(...keys.map((name) => make("kbd", "", { textContent: name })));
  line.append(head, make("td", "", { textContent: words }));
  return line;
}

// Shows the list of keys over the page, until Esc, a click beside it or "?" again.
export function showKeys(root) {
  // the role is stated for those who look whether a dialog is open
  const dialog = make("dialog", "dxp-keys", { role: "dialog", ariaLabel: "Keys" });
  const table = make("table");
  table.append(...LIST.map(row));
  const done = make("button", "dxp-done", { type: "button", textContent: "Close" });
  const close = () => dialog.close();
  done.addEventListener("click", close);
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation(); // Streamlit's own keys
    if (event.key === "?") close();
  });
  dialog.append(make("h2", "", { textContent: "Keys" }), table, done);
  root.append(dialog);
  dialog.showModal();
}
