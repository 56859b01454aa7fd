// The link into the clipboard, also where the browser keeps the clipboard from a page: it does so
// on every address but https:// and this very machine.

import { linkNow, make, overlay } from "./elements.js";

function copiedBySelection(text) {
  const field = make("textarea", "dxh-unseen", [], { readonly: "", "aria-hidden": "true" });
  field.value = text;
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  return done;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text); // refused, or there is none
  }
}

// Where nothing else is allowed, the link is shown, selected, for the user's own Ctrl+C.
function offer(root, text) {
  const field = make("input", "dxh-field", [], { readonly: "", "aria-label": "Link" });
  field.value = text;
  const words = make("p", "", ["The browser does not let the page copy. Copy the link from here:"]);
  const done = make("button", "dxh-close", ["Close"], { type: "button" });
  const { close } = overlay(root, "dxh-offer", "Copy link", [words, field, done]);
  done.addEventListener("click", close);
  field.select();
}

export async function copyLink(root, say) {
  const text = linkNow();
  if (await copied(text)) say("Link copied");
  else offer(root, text);
}
