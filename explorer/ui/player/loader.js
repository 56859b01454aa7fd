// What goes with every picture in the player's place: fetches the player once and hands on to it.
// `SERVED`, written before it, says where the player lies.

import { headerOf } from "./header.js";
import { fetchScript } from "./served.js";

let mount = null; // the player's own function, once it is there
let loading = null;
let library = null; // plotly.js on its way beside the player, which would ask for it only later

async function load() {
  const url = await fetchScript(SERVED.path, SERVED.base);
  mount = (await import(url)).default;
  URL.revokeObjectURL(url);
}

function loaded() {
  loading ??= load().catch((error) => {
    loading = null; // the next picture asks again
    throw error;
  });
  return loading;
}

// The clean-up of a call that came before the player also ends it: what overtook it comes itself.
export default function (given) {
  if (mount) return mount(given);
  const { data, parentElement } = given;
  const { options } = headerOf(data);
  // its room meanwhile, so that what lies below it need not jump
  parentElement.style.minHeight = `min(${options.height}px, 96vw)`;
  library ??= fetchScript(options.plotly, options.base);
  library.catch(() => (library = null)); // whoever waits for it says so
  const clear = () =>
    [...parentElement.children].forEach((child) => child.matches(".dxp-note") && child.remove());
  let over = false;
  let end = () => {};
  loaded().then(
    () => {
      if (over) return;
      clear(); // of an earlier failure
      end = mount({ ...given, library });
      parentElement.style.minHeight = "";
    },
    (error) => {
      clear();
      const note = document.createElement("p");
      note.className = "dxp-note";
      note.textContent = `No picture: ${error.message}`;
      parentElement.append(note);
      throw error;
    },
  );
  return () => {
    over = true;
    end();
  };
}
