// Loads plotly.js once per page, from the app's own server.

// Streamlit may live under any path, also behind a proxy that hides it from the server, so the
// root is read off Streamlit's own script.
function appRoot(base) {
  const script = document.querySelector('script[src*="static/js/index"]');
  if (script) return new URL("../../", script.src);
  return new URL(base ? `/${base.replace(/^\/|\/$/g, "")}/` : "/", window.location.origin);
}

// "force-cache": the name carries the version, so whatever the browser kept is right.
async function fetchScript(url) {
  const response = await fetch(url, { cache: "force-cache" });
  if (!response.ok) throw new Error(`plotly.js did not load: ${response.status} for ${url}`);
  const inflated = response.body.pipeThrough(new DecompressionStream("gzip"));
  const blob = await new Response(inflated).blob();
  return URL.createObjectURL(new Blob([blob], { type: "text/javascript" }));
}

async function load(path, base) {
  const url = await fetchScript(new URL(path, appRoot(base)));
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
