// The sheet: a canvas with axes, a row of tools, undo, and the button that takes what was drawn.

import { button, clamp, make } from "./elements.js";
import { curveModel } from "./curve.js";
import { pointsModel } from "./points.js";

const PAD = { left: 34, right: 10, top: 10, bottom: 26 };
const UNDOS = 100;
const TOOLS = { pen: ["draw", "Pen"], spray: ["blur_on", "Spray"], rub: ["ink_eraser", "Eraser"] };

function makeSheet(parent, said, use) {
  const flat = said.dim === 1;
  const model = flat
    ? curveModel(said.start, said.reach, said.columns)
    : pointsModel(said.start, said.reach);
  const [low, high] = flat ? [0, 1.05] : [-said.reach, said.reach];
  const canvas = make("canvas", "dxo-canvas", [], {
    tabindex: "0",
    role: "application",
    "aria-label": "Sheet to draw on: arrow keys move the cursor, Space draws, Ctrl+Z takes back",
  });
  // where the dialog is narrow, points have a square sheet and nothing empty below it
  canvas.style.height = flat ? `${said.height}px` : `min(${said.height}px, 100cqw)`;
  const context = canvas.getContext("2d");
  const status = make("span", "dxo-status", [], { role: "status", "aria-live": "polite" });
  const history = [];
  const cursor = { x: 0, y: flat ? 0.5 : 0, shown: false };
  const sheet = { use, tool: "pen", busy: null };

  function colours() {
    const style = getComputedStyle(canvas);
    return { text: style.color, ink: style.getPropertyValue("--dxo-ink"), fill: style.getPropertyValue("--dxo-fill") };
  }

  function box() {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    let [w, h] = [width - PAD.left - PAD.right, height - PAD.top - PAD.bottom];
    if (!flat) w = h = Math.min(w, h);
    return { x: PAD.left + (width - PAD.left - PAD.right - w) / 2, y: PAD.top, w, h };
  }

  const place = (x, y, b = box()) => [
    b.x + ((x + said.reach) / (2 * said.reach)) * b.w,
    b.y + ((high - y) / (high - low)) * b.h,
  ];

  function under(event) {
    const [b, rect] = [box(), canvas.getBoundingClientRect()];
    const x = ((event.clientX - rect.left - b.x) / b.w) * 2 * said.reach - said.reach;
    const y = high - ((event.clientY - rect.top - b.y) / b.h) * (high - low);
    return [x, y];
  }

  function paintAxes(b, text) {
    context.strokeStyle = context.fillStyle = text;
    context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
    context.lineWidth = 1;
    for (let tick = -said.reach; tick <= said.reach; tick += 1) {
      const [px] = place(tick, low, b);
      const [, py] = flat ? [0, b.y + b.h] : place(0, tick, b);
      context.globalAlpha = tick === 0 ? 0.4 : 0.15;
      context.beginPath();
      context.moveTo(px, b.y);
      context.lineTo(px, b.y + b.h);
      context.moveTo(b.x, py);
      context.lineTo(b.x + b.w, py);
      context.stroke();
      context.globalAlpha = 0.8;
      context.textAlign = "center";
      context.fillText(`${tick}`.replace("-", "−"), px, b.y + b.h + 18);
      context.textAlign = "right";
      if (!flat) context.fillText(`${tick}`.replace("-", "−"), b.x - 6, py + 4);
    }
    context.globalAlpha = 1;
  }

  function paint() {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    context.scale(ratio, ratio);
    const [b, shades] = [box(), colours()];
    paintAxes(b, shades.text);
    model.paint(context, (x, y) => place(x, y, b), shades);
    if (cursor.shown) {
      const [px, py] = place(cursor.x, cursor.y, b);
      context.strokeStyle = shades.text;
      context.strokeRect(px - 6, py - 6, 12, 12);
    }
    status.textContent = model.says(said.most);
    undo.disabled = history.length === 0;
    clear.disabled = take.disabled = model.empty();
  }

  function keep() {
    history.push(model.save());
    if (history.length > UNDOS) history.shift();
  }

  function takeBack() {
    if (history.length) model.restore(history.pop());
    paint();
  }

  function moved(event, begins) {
    const events = begins ? [event] : event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) {
      model.tools[sheet.tool](...under(each), begins);
      begins = false;
    }
    paint();
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button || sheet.busy !== null) return; // a second finger, or a palm, draws nothing
    canvas.setPointerCapture(event.pointerId);
    cursor.shown = false;
    sheet.busy = event.pointerId;
    keep();
    moved(event, true);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId === sheet.busy) moved(event, false);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId === sheet.busy) sheet.busy = null;
    });
  }

  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  canvas.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") takeBack();
    else if (steps[event.key]) {
      const [dx, dy] = steps[event.key];
      cursor.shown = true;
      cursor.x = clamp(cursor.x + 0.1 * dx, -said.reach, said.reach);
      cursor.y = clamp(cursor.y + (flat ? 0.05 : 0.1) * dy, low, flat ? 1 : high);
    } else if (event.key === " ") {
      cursor.shown = true;
      keep();
      model.press(cursor.x, cursor.y);
    } else return;
    event.preventDefault();
    event.stopPropagation();
    paint();
  });

  const tools = Object.keys(model.tools).map((name) => {
    const element = button(...TOOLS[name], () => choose(name));
    element.dataset.tool = name;
    return element;
  });
  function choose(name) {
    sheet.tool = name;
    for (const element of tools) element.setAttribute("aria-pressed", String(element.dataset.tool === name));
  }
  const undo = button("undo", "Undo", takeBack);
  const clear = button("delete", "Clear", () => {
    keep();
    model.clear();
    paint();
  });
  const take = button("check", "Use this drawing", () => sheet.use(model.text()), "dxo-use");
  const row = make("div", "dxo-row", [...(flat ? [] : tools), undo, clear, status, take], {
    role: "toolbar",
    "aria-label": "Drawing tools",
  });
  parent.append(make("div", "dxo", [row, canvas]));
  choose("pen");
  new ResizeObserver(paint).observe(canvas);
  return sheet;
}

const sheets = new WeakMap(); // by the element that Streamlit gives the sheet

export default function ({ data, parentElement, setTriggerValue }) {
  const use = (text) => setTriggerValue("used", text);
  const sheet = sheets.get(parentElement);
  if (sheet) sheet.use = use;
  else {
    const said = JSON.parse(new TextDecoder().decode(data));
    sheets.set(parentElement, makeSheet(parentElement, said, use));
  }
}
