// Scripts that the app's own server keeps compressed, in files whose names say what is in them.

// Streamlit may live under any path, also behind a proxy that hides it from the server, so the
// root is read off Streamlit's own script.
function appRoot(base) {
  const script = document.querySelector('script[src*="static/js/index"]');
  if (script) return new URL("../../", script.src);
  return new URL(base ? `/${base.replace(/^\/|\/$/g, "")}/` : "/", window.location.origin);
}

// An address of this document for the script at `path` of the app that lives under `base`.
// "force-cache": the name tells the content, so whatever the browser kept is right.
export async function fetchScript(path, base) {
  const url = new URL(path, appRoot(base));
  const response = await fetch(url, { cache: "force-cache" });
  if (!response.ok) throw new Error(`a script did not load: ${response.status} for ${url}`);
  const inflated = response.body.pipeThrough(new DecompressionStream("gzip"));
  const blob = await new Response(inflated).blob();
  return URL.createObjectURL(new Blob([blob], { type: "text/javascript" }));
}
