// The page's link as a QR code, as large as the screen, for the back row of a hall.

import { linkNow, make, overlay } from "./elements.js";

// Streamlit may live under any path, also behind a proxy that hides it from the server, so the
// root is read off Streamlit's own script.
function appRoot(base) {
  const script = document.querySelector('script[src*="static/js/index"]');
  return script ? new URL("../../", script.src) : new URL(`${base}/`, location.origin);
}

const isThisMachine = (host) => /^(localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0)$/.test(host);

// The link that others can open, and a word on it where it is not what the address bar shows.
function shared(address) {
  const url = new URL(linkNow());
  if (!isThisMachine(url.hostname)) return { url, remark: "" };
  if (!address) {
    return {
      url,
      remark: `${url.hostname} is this machine alone: no other can open this link. Start the server on an address of your network.`,
    };
  }
  const opened = url.hostname;
  url.hostname = address;
  return {
    url,
    remark: `You have opened this page as ${opened}, which is this machine alone. The code leads to its address in your network.`,
  };
}

export async function showCode(root, { address, base, longest }) {
  const { url, remark } = shared(address);
  const picture = make("div", "dxh-code", [], { "aria-live": "polite" });
  const link = make("p", "dxh-link", [url.href]);
  // long links in smaller type, so that the code keeps its size
  link.style.setProperty("--dxh-long", String(Math.min(1, 60 / url.href.length) ** 0.5));
  const done = make("button", "dxh-close", ["Close"], { type: "button" });
  const parts = [picture, link, ...(remark ? [make("p", "dxh-remark", [remark])] : []), done];
  const { dialog, close } = overlay(root, "dxh-sheet", "QR code of this page's link", parts);
  done.addEventListener("click", close);
  dialog.addEventListener("click", () => getSelection().isCollapsed && close());
  if (url.href.length > longest) {
    picture.textContent = "This link is too long for a QR code. Copy it instead.";
    return;
  }
  const source = new URL("qr.svg", appRoot(base));
  source.searchParams.set("link", url.href);
  const image = make("img", "", [], { src: source.href, alt: `QR code of ${url.href}` });
  image.addEventListener("error", () => {
    picture.textContent = "No QR code: the server does not answer. The link is below.";
  });
  picture.append(image);
}
