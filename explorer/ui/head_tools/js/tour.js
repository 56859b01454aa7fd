// A tour of one minute: callouts that point at the real things, one after the other. It blocks
// nothing, Esc ends it, and whoever has seen or skipped it is not invited again.

import { button, make, turnTo } from "./elements.js";

const SEEN = "explorer.tour"; // in the browser's own storage
const PATIENCE = 1200; // milliseconds after which a step is passed over whose target is not there
const LOADING = 9000; // the same while another page loads
const LOOK = 120; // milliseconds between two looks at where that is
const ROOM = 12; // pixels between a callout and what it points at
const SHOWCASE = "/score_field"; // a page that has everything

const STEPS = [
  {
    target: ".dxn-menu",
    title: "Pages",
    text: "Each page shows one idea. They are in order: noise in, noise out, learning, images.",
  },
  {
    target: ".st-key-presets",
    title: "Presets",
    text: "Worth a look first: each button sets the whole page to a view worth seeing.",
  },
  {
    target: '.st-key-controls [data-testid="stSlider"]',
    title: "Every number is yours",
    text: "Move a slider and the picture follows. The question mark says what it means.",
  },
  {
    target: ".dxp-bar",
    title: "Time",
    text: "Space plays and pauses, ← and → go one step, ? lists all keys. Drag over a picture to zoom, double-click to come back.",
  },
  {
    target: ".st-key-_code",
    title: "Show me the code",
    text: "A short script that computes what this page shows, to run on your own machine.",
  },
  {
    target: '.dxh-tool[data-tool="copy"]',
    title: "The link holds it all",
    text: "Copy it, or show it as a QR code: whoever opens it sees this very picture.",
  },
];

let at = null; // the step on show; null without a tour
let box = null;
let ring = null;
let watching = 0;
let turned = -LOADING; // when the tour last turned to another page

// A browser may refuse its storage, in a private window say; then nobody is remembered.
function remembered(set) {
  try {
    if (set) localStorage.setItem(SEEN, "1");
    return localStorage.getItem(SEEN) === "1";
  } catch {
    return false;
  }
}

export function invitation(root, base) {
  if (at !== null || remembered(false)) return null;
  const away = make("button", "dxh-dismiss", ["✕"], { type: "button", "aria-label": "No tour" });
  const take = button("dxh-take", "tour", "New here? A tour of one minute", () => {
    strip.remove();
    startTour(root, base);
  });
  const strip = make("div", "dxh-invitation", [take, away]);
  away.addEventListener("click", () => (remembered(true), strip.remove()));
  return strip;
}

export function startTour(root, base) {
  endTour();
  at = 0;
  show(root, base);
}

// Another page's head has come up: the tour goes on from there.
export function continueTour(root, base) {
  if (at !== null && !box?.isConnected) show(root, base);
}

export function endTour() {
  clearInterval(watching);
  box?.remove();
  ring?.remove();
  document.removeEventListener("keydown", onKey, true);
  [at, box, ring, watching] = [null, null, null, 0];
}

function skip() {
  remembered(true);
  endTour();
}

function onKey(event) {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  skip();
}

function seen({ target }) {
  for (const element of document.querySelectorAll(target)) {
    const { width, height, right } = element.getBoundingClientRect();
    if (width > 0 && height > 0 && right > 0) return element;
  }
  return null;
}

function show(root, base) {
  clearInterval(watching);
  box?.remove();
  ring?.remove();
  document.addEventListener("keydown", onKey, true);
  const step = STEPS[at];
  const last = at === STEPS.length - 1;
  const next = make("button", "dxh-next", [last ? "Done" : "Next"], { type: "button" });
  const leave = make("button", "dxh-skip", ["Skip"], { type: "button" });
  const count = make("span", "dxh-count", [`${at + 1} / ${STEPS.length}`]);
  box = make(
    "div",
    "dxh-callout",
    [make("strong", "", [step.title]), make("p", "", [step.text]), make("div", "", [count, leave, next])],
    { role: "dialog", popover: "manual", "aria-label": `Tour, ${at + 1} of ${STEPS.length}: ${step.title}` },
  );
  ring = make("div", "dxh-ring", [], { popover: "manual", "aria-hidden": "true" });
  if (last) leave.remove();
  leave.addEventListener("click", skip);
  next.addEventListener("click", () => (last ? skip() : go(root, base)));
  root.append(ring, box);
  point(root, base, step, next);
}

function go(root, base) {
  at += 1;
  // what the next steps point at is not on every page
  const path = `${base}${SHOWCASE}`;
  if (at === 1 && !document.querySelector(".dxp-bar") && location.pathname !== path) {
    turnTo(path);
    turned = performance.now();
  }
  show(root, base);
}

// Holds callout and ring at their place while the page moves under them. What does not appear, on a
// phone say, is passed over.
function point(root, base, step, next) {
  const since = performance.now();
  let found = null;
  watching = setInterval(look, LOOK);
  look();

  function look() {
    if (!root.isConnected) return;
    const target = seen(step);
    if (!target) {
      const patience = performance.now() - turned < LOADING ? LOADING : PATIENCE;
      if (performance.now() - since > patience) at === STEPS.length - 1 ? endTour() : go(root, base);
      return;
    }
    if (!found) {
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      target.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
      ring.showPopover();
      box.showPopover();
      next.focus({ preventScroll: true });
    }
    found = target;
    place(target.getBoundingClientRect());
  }
}

// Beside the target where there is room, else below or above it.
function place(target) {
  const { innerWidth: width, innerHeight: height } = window;
  const { offsetWidth: w, offsetHeight: h } = box;
  const inside = (value, size, room) => Math.min(Math.max(ROOM, value), Math.max(ROOM, room - size - ROOM));
  const top = Math.max(0, target.top);
  let [x, y] = [target.left, target.bottom + ROOM];
  if (target.right + ROOM + w < width && target.width < 0.4 * width) {
    [x, y] = [target.right + ROOM, top + Math.min(24, target.height / 4)];
  } else if (y + h > height) {
    y = top - h - ROOM;
  }
  box.style.left = `${inside(x, w, width)}px`;
  box.style.top = `${inside(y, h, height)}px`;
  Object.assign(ring.style, {
    left: `${target.left - 5}px`,
    top: `${top - 5}px`,
    width: `${target.width + 10}px`,
    height: `${Math.min(target.bottom, height) - top + 10}px`,
  });
}
