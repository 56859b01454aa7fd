// Points in the plane: a pen leaves them in even steps, a spray can at random, an eraser takes them.

const STEP = 0.09; // between two points of the pen, in data units
const SPRAY = 0.2; // standard deviation of the spray
const RUBBER = 0.25; // radius of the eraser
const CAN = 3; // points sprayed at every move
const MOST = 2000;

function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

export function pointsModel(start, reach) {
  let points = start.map((point) => [...point]);
  let last = null;

  function add(x, y) {
    const inside = Math.abs(x) <= reach && Math.abs(y) <= reach;
    if (inside && points.length < MOST) points.push([x, y]);
  }

  function pen(x, y, begins) {
    if (begins || !last) {
      add(x, y);
      last = [x, y];
      return;
    }
    const [dx, dy] = [x - last[0], y - last[1]];
    const length = Math.hypot(dx, dy);
    for (let along = STEP; along <= length; along += STEP) {
      last = [last[0] + (dx / length) * STEP, last[1] + (dy / length) * STEP];
      add(...last);
    }
  }

  function spray(x, y) {
    for (let k = 0; k < CAN; k += 1) add(x + SPRAY * normal(), y + SPRAY * normal());
  }

  function rub(x, y) {
    points = points.filter(([px, py]) => Math.hypot(px - x, py - y) > RUBBER);
  }

  return {
    tools: { pen, spray, rub },
    save: () => points.map((point) => [...point]),
    restore: (kept) => (points = kept),
    clear: () => (points = []),
    empty: () => points.length === 0,
    says: (most) => {
      if (points.length <= most) return `${points.length} points`;
      return `${points.length} points, of which ${most} are kept`;
    },
    text: () => points.map(([x, y]) => `${x.toFixed(3)},${y.toFixed(3)}`).join("\n"),
    press: add, // Space leaves a point under the cursor
    paint(context, place, colours) {
      context.fillStyle = colours.ink;
      for (const [x, y] of points) {
        const [px, py] = place(x, y);
        context.beginPath();
        context.arc(px, py, 3, 0, 2 * Math.PI);
        context.fill();
      }
    },
  };
}
