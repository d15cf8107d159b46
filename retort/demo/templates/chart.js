// Measured speed-up against the ratio of multiplications, filled while one plays.

const SVG = "http://www.w3.org/2000/svg";
const CHART = { width: 720, height: 340, left: 52, right: 24, top: 16, bottom: 44 };

/** An SVG element with attributes. */
function drawn(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** All students with what is known of them by now. */
function measured() {
  return facts.problems.flatMap((problem, series) => {
    const [teacher, ...others] = problem.rows;
    return others.map((row) => {
      const [slow, fast] = [clock(teacher), clock(row)];
      const known = slow.runs > 0 && fast.runs > 0 && fast.median > 0;
      return {
        problem, row, series, slow, fast, known,
        ratio: teacher.networks[0].macs / row.networks[0].macs,
        gain: known ? slow.median / fast.median : null,
        range: known ? [slow.at(0.25) / fast.at(0.75), slow.at(0.75) / fast.at(0.25)] : null,
      };
    });
  });
}

/** A logarithmic scale from numbers to pixels. */
function scale(low, high, from, to) {
  return (value) => from + (Math.log(value / low) / Math.log(high / low)) * (to - from);
}

/** Draw the chart anew. */
function drawChart(place, table, chosen) {
  const points = measured();
  const most = 2 ** Math.ceil(Math.log2(Math.max(...points.map((point) => Math.max(point.ratio, point.gain ?? 1))) * 1.15));
  const narrow = place.clientWidth < 520;
  const size = narrow ? { ...CHART, width: 380, height: 320, left: 44, right: 12 } : CHART;
  const x = scale(1, most, size.left, size.width - size.right);
  const y = scale(0.5, most, size.height - size.bottom, size.top);
  const told = points.filter((point) => point.known).map((point) => `${title(point.problem)}, ${point.row.called}: ${times(point.gain)}`);
  const svg = drawn("svg", { viewBox: `0 0 ${size.width} ${size.height}`, role: "img",
    "aria-label": `Speed-up against ratio of multiplications. ${told.join("; ") || "Nothing measured yet"}.` });
  svg.append(...grid(size, x, y, most), promise(x, y, most), ...named(points.map((point) => mark(point, x, y, most, point.row === chosen, size))));
  place.replaceChildren(svg);
  table.replaceChildren(...rowsOf(points));
}

function grid(size, x, y, most) {
  const parts = [];
  for (let value = 0.5; value <= most; value *= 2) {
    const word = `${value}×`;
    parts.push(drawn("line", { class: value === 1 ? "axis" : "rule", x1: size.left, x2: size.width - size.right, y1: y(value), y2: y(value) }),
      drawn("text", { x: size.left - 8, y: y(value) + 4, "text-anchor": "end" }, word));
    if (value < 1) continue;
    parts.push(drawn("line", { class: "rule", x1: x(value), x2: x(value), y1: size.top, y2: size.height - size.bottom }),
      drawn("text", { x: x(value), y: size.height - size.bottom + 18, "text-anchor": "middle" }, word));
  }
  const middle = (size.left + size.width - size.right) / 2;
  parts.push(drawn("text", { class: "title", x: middle, y: size.height - 6, "text-anchor": "middle" }, "fewer multiplications than the teacher"));
  parts.push(drawn("text", { class: "title", x: size.left + 8, y: size.top + 12 }, "measured: times as fast here"));
  return parts;
}

const promise = (x, y, most) => drawn("line", { class: "promise", x1: x(1), y1: y(1), x2: x(most), y2: y(most) });

/** A student: its place, and how sure it is; an empty mark on the line of 1 until it has run. */
function mark(point, x, y, most, chosen, size) {
  const inside = (value) => y(Math.min(Math.max(value, 0.5), most));
  const cx = x(point.ratio), cy = inside(point.gain ?? 1);
  const group = drawn("g", { class: `point s${point.series % 6}${chosen ? " chosen" : ""}${point.known ? "" : " unknown"}` });
  if (point.known) {
    const [low, high] = point.range.map(inside);
    group.append(drawn("line", { class: "range", x1: cx, x2: cx, y1: low, y2: high }));
  }
  group.append(drawn("circle", { cx, cy, r: chosen ? 7 : 5 }));
  return { group, cx, cy, point, chosen, left: cx > size.width * 0.6, floor: size.height - size.bottom };
}

/** Names beside the marks, moved apart where two would cover each other; of students that are not chosen the figure. */
function named(marks) {
  const taken = [];
  const first = (mark) => marks.find((each) => each.point.problem === mark.point.problem) === mark;
  for (const mark of marks.toSorted((a, b) => b.chosen - a.chosen || a.cy - b.cy)) {
    const parts = [...(mark.point.known ? [`${times(mark.point.gain)}×`] : []), ...(mark.chosen || first(mark) ? [title(mark.point.problem)] : [])];
    const x = mark.cx + (mark.left ? -12 : 12);
    const down = mark.cy < mark.floor - 20 ? 1 : -1;
    let y = mark.cy + (down > 0 ? 16 : -6);
    while (taken.some((each) => Math.abs(each.y - y) < 16 && Math.abs(each.x - x) < 130)) y += 16 * down;
    taken.push({ x, y });
    mark.group.append(drawn("text", { x, y, "text-anchor": mark.left ? "end" : "start" }, parts.join(" ")));
  }
  return marks.map((mark) => mark.group);
}

function rowsOf(points) {
  const head = ["Problem", "Student", "Fewer MACs", "Teacher", "Student", "Speed-up", "Runs"];
  const cells = (point) => [title(point.problem), offer(point.row), `${times(point.ratio)}×`,
    ...(point.known ? [milliseconds(point.slow.median), milliseconds(point.fast.median), `${times(point.gain)}×`, point.fast.runs] : ["", "", "", 0])];
  return [
    make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))),
    make("tbody", {}, ...points.map((point) => make("tr", {}, ...cells(point).map((text) => make("td", {}, String(text)))))),
  ];
}
