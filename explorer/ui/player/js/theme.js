// Colours and fonts: Streamlit's, read from its CSS variables, and the palette Python sends.

export const MARGIN = { l: 46, r: 14, t: 12, b: 40 };

export const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function toRgb(colour) {
  const context = (toRgb.context ??= Object.assign(document.createElement("canvas"), {
    width: 1,
    height: 1,
  }).getContext("2d", { willReadFrequently: true }));
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

export function withAlpha(colour, alpha) {
  return `rgba(${toRgb(colour).join(",")},${alpha})`;
}

export function readTheme(element, palette) {
  const style = getComputedStyle(element);
  const variable = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const background = variable("--st-background-color", "#ffffff");
  const [r, g, b] = toRgb(background);
  const dark = 0.299 * r + 0.587 * g + 0.114 * b < 128;
  return {
    dark,
    palette,
    background,
    text: variable("--st-text-color", dark ? "#fafafa" : "#31333f"),
    font: variable("--st-font", "sans-serif"),
    density: dark ? "#8494ab" : "#53647d", // slate, on which every colour of the palette shows
  };
}

export function paletteColour(theme, index, otherwise) {
  return index === null || index === undefined ? otherwise : theme.palette[index];
}

function axisLooks(theme) {
  return {
    automargin: true,
    gridcolor: withAlpha(theme.text, 0.1),
    linecolor: withAlpha(theme.text, 0.25),
    zerolinecolor: withAlpha(theme.text, 0.22),
    zerolinewidth: 1,
    tickfont: { size: 12 },
    title: { font: { size: 13 }, standoff: 8 },
  };
}

const NARROW = 560; // pixels: below, words over small pictures beside each other would run together

// Titles over the figure's parts in smaller type and in two lines where they have two parts.
function squeezed(annotations, width) {
  if (!annotations || width >= NARROW) return annotations;
  return annotations.map((one) => {
    if (one.xref !== "paper") return one;
    return { ...one, text: one.text.replaceAll(", ", ",<br>"), font: { ...one.font, size: 9.5 } };
  });
}

// What a figure says for narrow screens in `layout.meta.narrow`: a height in pixels, and a layout
// to go over its own.
export function narrowOf(layout, width) {
  return width < NARROW ? layout.meta?.narrow : undefined;
}

function over(one, other) {
  const inside = (key) => typeof one[key] === "object" && !Array.isArray(other[key]);
  const merged = Object.keys(other).map((key) => [key, inside(key) ? over(one[key], other[key]) : other[key]]);
  return { ...one, ...Object.fromEntries(merged) };
}

// The figure's layout on transparent ground, with our looks wherever it states none of its own.
export function themedLayout(stated, theme, options) {
  const narrow = narrowOf(stated, options.width);
  const layout = narrow
    ? over(stated, narrow.layout)
    : { ...stated, annotations: squeezed(stated.annotations, options.width) };
  const axis = axisLooks(theme);
  const template = {
    layout: {
      colorway: theme.palette,
      font: { color: theme.text, family: theme.font, size: 13 },
      hoverlabel: { bgcolor: theme.background, font: { color: theme.text } },
      legend: { bgcolor: withAlpha(theme.background, 0.6), font: { size: 12 } },
      margin: MARGIN,
      xaxis: axis,
      yaxis: axis,
    },
  };
  return {
    dragmode: options.coarse ? false : "zoom",
    uirevision: "player",
    modebar: { bgcolor: "rgba(0,0,0,0)", color: withAlpha(theme.text, 0.4) },
    ...layout,
    template,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    autosize: true,
    width: undefined,
    height: options.height,
  };
}
