// The one clock of all panes: a position in [0, 1] that runs, stops and jumps. Knows no DOM.

export const SPEEDS = [0.25, 0.5, 1, 2, 4];

const LINGER = 0.7; // seconds at the end before a loop starts over
const BESIDE = 1e-3; // of a step: what is nearer to one stands on it
const LONGEST = 0.1; // seconds: what a frame counts at most, so that a hidden tab does not jump

export function makeClock({ seconds, loop, position }) {
  return { seconds, loop, position, playing: false, speed: 1, last: null, lingered: 0 };
}

export function play(clock) {
  if (clock.position >= 1) clock.position = 0;
  Object.assign(clock, { playing: true, last: null, lingered: 0 });
}

export function pause(clock) {
  clock.playing = false;
}

// Pauses at a time that takes few digits to say.
export function hold(clock) {
  pause(clock);
  seek(clock, Number(clock.position.toFixed(4)));
}

export function seek(clock, position) {
  clock.position = Math.min(1, Math.max(0, position));
  clock.lingered = 0;
}

// To the neighbouring one of `steps` steps, from wherever the clock stands; a link gives its place
// in six digits, so that it may stand a little beside a step.
export function step(clock, direction, steps) {
  pause(clock);
  const here = clock.position * steps;
  const next = direction > 0 ? Math.floor(here + 1 + BESIDE) : Math.ceil(here - 1 - BESIDE);
  seek(clock, next / steps);
}

export function changeSpeed(clock, direction) {
  const at = SPEEDS.indexOf(clock.speed) + direction;
  clock.speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at))];
}

// Moves on to `now` (milliseconds); without a loop it stops at the end.
export function tick(clock, now) {
  if (!clock.playing) return;
  const since = clock.last === null ? 0 : (now - clock.last) / 1000;
  const elapsed = Math.min(LONGEST, Math.max(0, since));
  clock.last = now;
  if (clock.position < 1) {
    clock.position = Math.min(1, clock.position + (elapsed * clock.speed) / clock.seconds);
    if (clock.position === 1 && !clock.loop) pause(clock);
    return;
  }
  if (!clock.loop) {
    pause(clock); // while it lingered
    return;
  }
  clock.lingered += elapsed;
  if (clock.lingered >= LINGER) seek(clock, 0);
}

// What a button or a key asks of a clock of so many steps.
export const ASKED = {
  toggle: (clock) => (clock.playing ? hold(clock) : play(clock)),
  start: (clock) => seek(clock, 0),
  end: (clock) => (pause(clock), seek(clock, 1)),
  back: (clock, steps) => step(clock, -1, steps),
  forward: (clock, steps) => step(clock, 1, steps),
  seek: (clock, steps, value) => (pause(clock), seek(clock, value)),
  slower: (clock) => changeSpeed(clock, -1),
  faster: (clock) => changeSpeed(clock, 1),
  speed: (clock, steps, value) => (clock.speed = value),
  loop: (clock) => (clock.loop = !clock.loop),
};

// Of these, what sets the time.
export const MOVES = ["toggle", "start", "end", "back", "forward", "seek"];
