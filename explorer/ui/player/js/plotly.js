// Loads plotly.js once per page, from the app's own server.

import { fetchScript } from "./served.js";

async function load(path, base, fetched) {
  const url = await (fetched ?? fetchScript(path, base));
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

// fetched: the promise of its address, if somebody is at it already.
export function loadPlotly(path, base, fetched) {
  loading ??= load(path, base, fetched).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}
