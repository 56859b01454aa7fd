// What tests and benchmarks read off the page.

const WINDOW = 500; // milliseconds over which paintings are counted

export function makeReport(dataset) {
  let counting = { since: 0, paints: 0 };
  return (now, clock, steps, paints) => {
    dataset.position = clock.position.toFixed(4);
    dataset.frame = Math.round(clock.position * steps);
    dataset.playing = clock.playing ? "1" : "0";
    dataset.paints = paints;
    const elapsed = now - counting.since;
    if (elapsed < WINDOW) return;
    if (elapsed < 3 * WINDOW) {
      dataset.fps = ((1000 * (paints - counting.paints)) / elapsed).toFixed(1);
    }
    counting = { since: now, paints };
  };
}
