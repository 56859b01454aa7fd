// Loads plotly.js once per page, from the app's own server.

import { fetchScript } from "./served.js";

async function load(path, base) {
  const url = await fetchScript(path, base);
  const kept = window.Plotly;
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = resolve;
    script.onerror = () => reject(new Error("plotly.js did not run"));
    document.head.append(script);
  });
  URL.revokeObjectURL(url);
  const { Plotly } = window;
  if (kept) window.Plotly = kept;
  performance.mark("player:plotly");
  return Plotly;
}

let loading = null;

export function loadPlotly(path, base) {
  loading ??= load(path, base).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}
