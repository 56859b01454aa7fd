// One picture: a canvas under a Plotly figure, the figure, and a canvas over it.

import { button, make } from "./controls.js";
import { makeDrag } from "./handle.js";
import { makeLayer } from "./layers.js";
import { foreseenView } from "./preview.js";
import { narrowOf, themedLayout } from "./theme.js";
import { inWords, chipsOf } from "./words.js";
import { makeZoom } from "./zoom.js";

const CONFIG = {
  displaylogo: false,
  responsive: false,
  modeBarButtonsToRemove: ["toImage", "select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
};

function skeleton() {
  const element = make("section", "dxp-pane");
  const head = make("header", "dxp-head");
  const title = make("span", "dxp-title");
  const legend = make("span", "dxp-legend");
  const stage = make("div", "dxp-stage", { tabIndex: 0 });
  const back = make("canvas", "dxp-canvas dxp-back");
  const plot = make("div", "dxp-plot");
  const front = make("canvas", "dxp-canvas dxp-front");
  const tip = make("div", "dxp-tip", { hidden: true });
  const note = make("p", "dxp-note");
  head.append(title, legend);
  stage.append(back, plot, front, tip);
  element.append(head, stage, note);
  return { element, head, title, legend, stage, back, plot, front, tip, note };
}

// How data lie on the stage, from Plotly's own axes, at this very moment of a zoom or pan.
function viewOf(full, [xName, yName], size, dpr) {
  const xAxis = full[`xaxis${xName.slice(1)}`];
  const yAxis = full[`yaxis${yName.slice(1)}`];
  if (!xAxis || !yAxis) return null;
  const xScale = xAxis._length / (xAxis.range[1] - xAxis.range[0]);
  const yScale = yAxis._length / (yAxis.range[0] - yAxis.range[1]);
  return {
    x: { scale: xScale, shift: xAxis._offset - xScale * xAxis.range[0] },
    y: { scale: yScale, shift: yAxis._offset - yScale * yAxis.range[1], log: yAxis.type === "log" },
    left: xAxis._offset,
    top: yAxis._offset,
    width: xAxis._length,
    height: yAxis._length,
    stage: size,
    dpr,
  };
}

// still: a chart without the tools to zoom.
export function makePane(hooks, { still }) {
  const parts = skeleton();
  const { element, stage, plot, back, front, tip } = parts;
  const size = { width: 0, height: 0 };
  let [spec, layers] = [null, []];
  let figureId = null;
  let Plotly = null;
  let [pointer, listening] = [null, false];
  const zoom = makeZoom(plot);

  const observer = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = stage;
    if (!width || (width === size.width && height === size.height)) return;
    Object.assign(size, { width, height });
    if (Plotly && listening) Plotly.relayout(plot, { width, height }).then(zoom.resized);
    hooks.redraw();
  });
  observer.observe(stage);

  stage.addEventListener("pointermove", (event) => {
    const box = stage.getBoundingClientRect();
    pointer = { x: event.clientX - box.left, y: event.clientY - box.top };
    if (layers.some((layer) => layer.pointed)) hooks.redraw();
  });
  stage.addEventListener("pointerleave", () => {
    pointer = null;
    hooks.redraw();
  });

  const fill = element.appendChild(button("fill", "Fill the window (F)", () => hooks.filled(pane)));

  const handle = () => layers.find((layer) => layer.handle);
  const drag = makeDrag(stage, {
    handle: () => handle()?.handle ?? null,
    // where the user has switched to zoom or pan, Plotly has the pointer
    view: () =>
      listening && !plot._fullLayout.dragmode
        ? viewOf(plot._fullLayout, handle().axes, size, window.devicePixelRatio)
        : null,
    redraw: hooks.redraw,
    dropped: hooks.dropped,
  });

  function listen() {
    const moved = (change) => {
      hooks.redraw();
      if ("width" in change) return;
      zoom.moved();
      hooks.zoomed(pane);
    };
    plot.on("plotly_afterplot", hooks.redraw);
    plot.on("plotly_relayouting", moved);
    plot.on("plotly_relayout", moved);
    listening = true;
  }

  function measure() {
    const tall = narrowOf(spec.figure.layout, stage.clientWidth)?.height;
    stage.style.setProperty("--dxp-tall", tall ? `${tall}px` : "initial");
    Object.assign(size, { width: stage.clientWidth, height: stage.clientHeight });
  }

  async function drawFigure(theme) {
    measure();
    const drawn = String(Object.values(size));
    const { data, layout } = structuredClone(spec.figure);
    const themed = themedLayout(layout, theme, { ...size, coarse: matchMedia("(pointer: coarse)").matches });
    await Plotly.react(plot, data, themed, { ...CONFIG, displayModeBar: still ? false : "hover" });
    if (drawn !== String(Object.values(size))) await Plotly.relayout(plot, { ...size }); // other room
  }

  // Before plotly.js is there: the layers alone, where their axes are going to be.
  function preview(next, theme) {
    spec = next;
    measure();
    setLayers(theme);
  }

  // Shows the figure; a figure that is already there is not drawn again.
  async function setFigure(library, next, theme) {
    Plotly = library;
    spec = next;
    if (figureId === next.figure_id) return;
    await drawFigure(theme);
    zoom.drawn();
    figureId = next.figure_id;
    if (!listening) listen();
  }

  function setLayers(theme) {
    layers = spec.layers.map(makeLayer);
    drag.settle();
    showWords(theme);
  }

  function showWords(theme) {
    parts.title.textContent = spec.title;
    parts.note.textContent = spec.note;
    parts.note.hidden = !spec.note;
    const entries = chipsOf(layers, theme);
    parts.legend.replaceChildren(...entries);
    parts.head.hidden = !spec.title && entries.length === 0;
    const star = handle()?.handle.name;
    const use = star ? `Drag the ${star}, or move it with the arrow keys. ` : "";
    stage.setAttribute("role", star ? "application" : "group");
    stage.setAttribute("aria-label", use + (spec.title || "Picture"));
    front.setAttribute("role", "img");
    front.setAttribute("aria-label", inWords(spec));
  }

  async function retheme(theme) {
    if (!listening) return;
    await drawFigure(theme);
    showWords(theme);
  }

  function fresh(canvas, dpr) {
    const [width, height] = [size.width * dpr, size.height * dpr].map(Math.round);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    return context;
  }

  function label(text, at = pointer) {
    tip.textContent = text;
    tip.hidden = false;
    const left = at.x + tip.offsetWidth + 24 > size.width;
    tip.style.left = `${left ? at.x - tip.offsetWidth - 12 : at.x + 14}px`;
    tip.style.top = `${Math.max(2, at.y - tip.offsetHeight - 10)}px`;
  }

  function draw(position, { theme, trails }) {
    if (!spec || !size.width || element.hidden) return;
    const dpr = Math.min(2, window.devicePixelRatio || 1);
    const readings = []; // {at, text} of the curves under the pointer
    const scene = { theme, trails, pointer, label, readings, held: drag.held };
    const under = layers.some((layer) => !layer.front) || back.width > 1 ? fresh(back, dpr) : null;
    const over = fresh(front, dpr);
    tip.hidden = true;
    for (const layer of layers) {
      const view = listening
        ? viewOf(plot._fullLayout, layer.axes, size, dpr)
        : foreseenView(spec.figure, layer.axes, size, dpr);
      if (!view) continue;
      const context = layer.front ? over : under;
      context.save();
      context.beginPath();
      context.rect(view.left, view.top, view.width, view.height);
      context.clip();
      layer.draw(context, view, position, scene);
      context.restore();
    }
    if (readings.length) label([readings[0].at, ...readings.map(({ text }) => text)].join("\n"));
  }

  function destroy() {
    observer.disconnect();
    drag.destroy();
    if (Plotly && listening) Plotly.purge(plot);
    element.remove();
  }

  const pane = {
    element,
    setFigure,
    setLayers,
    preview,
    retheme,
    draw,
    zoom,
    zoomTo: (ranges) => zoom.to(Plotly, ranges),
    focus: () => stage.focus({ preventScroll: true }),
    // Whether one pane fills the window, and whether it is this one.
    place(filled, chosen) {
      element.hidden = filled && !chosen;
      const label = filled ? "Back to the page (F or Esc)" : "Fill the window (F)";
      Object.assign(fill, { title: label, ariaLabel: label });
      hooks.redraw();
    },
    get zoomable() {
      return listening && !still && !plot._fullLayout.xaxis.fixedrange;
    },
    destroy,
    get link() {
      return spec?.figure.layout.meta?.link;
    },
    get hasTrails() {
      return layers.some((layer) => layer.hasTrails);
    },
    get trailed() {
      return layers.some((layer) => layer.trailed);
    },
  };
  return pane;
}
