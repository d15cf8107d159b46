const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const island = (id) => document.getElementById(id).textContent;
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const unzipped = (bytes) => new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
const { columns, rows, details, records, curves, galleries, outlines } = JSON.parse(await unzipped(bytesOf(island("data"))));
const pictures = JSON.parse(island("pictures"));
const columnOf = Object.fromEntries(columns.map((column) => [column.key, column]));
const lines = $$("#table tbody tr");
const heads = $$("#table thead th");
const panel = $("#panel");
const wide = matchMedia("(min-width: 70rem)");
const problems = [...new Set(rows.map((row) => row.problem))];
const indexOf = Object.fromEntries(rows.map((row, index) => [row.name, index]).filter(([name]) => name));

// Elements get text, never markup: a name that looks like a tag stays a name.
function build(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat(Infinity).filter((each) => each !== null && each !== undefined));
  return made;
}
const h = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) =>
  build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const minus = (text) => String(text).replace("-", "−");
function inColumn(column, value) {
  const shown = value * column.factor, text = shown.toFixed(column.places);
  return minus(column.better || Number(text) || !shown ? text : Number(shown.toPrecision(1)));
}
const unitOf = ({ unit }) => (unit ? (unit.startsWith("10") ? `·${unit}` : ` ${unit}`) : "");
const told = (column, value, spread) =>
  `${column.title} ${inColumn(column, value)}${spread ? ` ± ${inColumn(column, spread)}` : ""}${unitOf(column)}`;
function short(value, digits = 4) {
  if (value === undefined || value === null) return "";
  const rounded = Number(value.toPrecision(digits));
  return minus(Math.abs(rounded) >= 1e5 ? rounded.toLocaleString("en-GB").replaceAll(",", " ") : String(rounded));
}
function counted(value) {
  for (const [unit, word] of [[1e9, " G"], [1e6, " M"], [1e3, " k"]]) {
    if (value >= unit) return Number((value / unit).toPrecision(4)) + word;
  }
  return short(value);
}
function lasted(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

// Pictures: unpacked when first shown, each once. Drawings get back the outlines of letters, which are kept once for all.
const unpacked = {};
async function unpack({ type, packed, content }) {
  const bytes = bytesOf(content);
  const whole = packed ? (await unzipped(bytes)).replace(/\u0001(\d+);/g, (_, number) => outlines[number]) : bytes;
  return URL.createObjectURL(new Blob([whole], { type }));
}
const address = (name) => (unpacked[name] ||= unpack(pictures[name]));
async function show(image) {
  image.src = await address(image.dataset.picture);
}

// Colours
const preference = matchMedia("(prefers-color-scheme: dark)");
const theme = $("#theme");
let chosenTheme = "";
function remember(value) {
  // A browser may forbid storage to a local file; then the choice lasts as long as the page.
  try {
    return value === undefined ? localStorage.getItem("retort-theme") || "" : localStorage.setItem("retort-theme", value);
  } catch {
    return "";
  }
}
function paint() {
  const dark = chosenTheme ? chosenTheme === "dark" : preference.matches;
  document.documentElement.style.colorScheme = chosenTheme;
  theme.setAttribute("aria-pressed", dark);
}
theme.addEventListener("click", () => {
  chosenTheme = theme.getAttribute("aria-pressed") === "true" ? "light" : "dark";
  remember(chosenTheme);
  paint();
});

// Filters
const filters = $("#filters");
const haystack = rows.map((row) => {
  const about = row.name ? details[row.name].about : {};
  return [row.name, row.label, row.problem, row.verdict, ...Object.values(about)].join(" ").toLowerCase();
});
function fits(row, index) {
  for (const key of [...filters.elements].filter((each) => each.tagName === "SELECT").map((each) => each.name)) {
    const wanted = filters.elements[key].value;
    if (wanted && ![row[key]].flat().includes(wanted)) return false;
  }
  const words = filters.elements.text.value.toLowerCase().split(/\s+/);
  return words.every((word) => haystack[index].includes(word));
}
const visible = () => $$("#table tbody tr:not([hidden])").map((line) => rows[line.dataset.row]);
function filter() {
  lines.forEach((line) => (line.hidden = !fits(rows[line.dataset.row], line.dataset.row)));
  const all = rows.filter((row) => row.name).length;
  const left = visible().filter((row) => row.name).length;
  showColumns();
  $("#count").textContent = left ? `${left} of ${all} rows` : "No row fits; “Show all” takes the filters away.";
  drawChart();
  markPlace();
}

// Rows of each examination have columns of their own; those that no row shown has are left out.
function showColumns() {
  const shown = visible();
  heads.forEach((head, place) => {
    const { key } = head.dataset;
    const empty = key in columnOf && !shown.some((row) => row.name && key in row.cells);
    if (head.hidden === empty) return;
    [head, ...lines.map((line) => line.children[place])].forEach((cell) => (cell.hidden = empty));
  });
}

// Order
function keyOf(row, key) {
  return key in columnOf ? row.cells[key] : row[key] || undefined;
}
function compare(one, two, down) {
  if (one === undefined || two === undefined) return (one === undefined) - (two === undefined);
  const order = typeof one === "number" ? one - two : one.localeCompare(two, "en", { numeric: true });
  return down ? -order : order;
}
function sort(head) {
  const { key, better } = head.dataset;
  const first = better === "max" ? "descending" : "ascending";
  const second = better === "max" ? "ascending" : "descending";
  const next = { [first]: second, [second]: "" }[head.getAttribute("aria-sort")] ?? first;
  heads.forEach((each) => each.removeAttribute("aria-sort"));
  if (next) head.setAttribute("aria-sort", next);
  $("#table").classList.toggle("sorted", Boolean(next));
  const down = next === "descending";
  const ordered = next
    ? [...lines].sort((a, b) => compare(keyOf(rows[a.dataset.row], key), keyOf(rows[b.dataset.row], key), down))
    : lines;
  $("#table tbody").append(...ordered);
  markPlace();
}

// Chart
const axes = $("#axes");
const chart = $("#chart");
const tip = h("div", { id: "tip", hidden: "", "aria-hidden": "true" });
const SHAPES = [
  (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  (r) => `M${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}z`,
  (r) => `M0 ${-1.3 * r}L${1.3 * r} 0L0 ${1.3 * r}L${-1.3 * r} 0z`,
  (r) => `M0 ${-1.2 * r}L${1.2 * r} ${r}H${-1.2 * r}z`,
  (r) => `M0 ${1.2 * r}L${1.2 * r} ${-r}H${-1.2 * r}z`,
];
const STAR = "M0 -8L2 -2.6L7.6 -2.5L3.1 1L4.7 6.5L0 3.2L-4.7 6.5L-3.1 1L-7.6 -2.5L-2 -2.6z";
const shapeOf = (row) =>
  row.kind === "teacher" ? STAR : SHAPES[problems.indexOf(row.problem) % SHAPES.length](4.5);
const seriesOf = (row) => `s${problems.indexOf(row.problem) % 6}`;

function ticks(low, high, log) {
  if (log) {
    const found = [];
    for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
      found.push(...[1, 2, 5].map((step) => step * power).filter((value) => value >= low && value <= high));
    }
    return found;
  }
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const count = Math.floor(high / step) - Math.ceil(low / step) + 1;
  return Array.from({ length: count }, (_, index) => (Math.ceil(low / step) + index) * step);
}
function front(points, better) {
  const beats = (a, b) => (better === "max" ? a >= b : a <= b);
  return points
    .filter((each) => !points.some((other) =>
      other.cost <= each.cost && beats(other.value, each.value)
      && (other.cost !== each.cost || other.value !== each.value)))
    .sort((a, b) => a.cost - b.cost);
}
function dodge(points, width) {
  const same = {};
  points.forEach((point) => (same[point.x] ||= []).push(point));
  for (const group of Object.values(same)) {
    const gap = Math.min(8, (0.1 * width) / group.length);
    group.forEach((point, place) => (point.x += gap * (place - (group.length - 1) / 2)));
  }
}
function drawChart() {
  const shown = visible().filter((row) => row.name), known = (option) => shown.some((row) => option.value in row.cells);
  const offered = [...axes.elements.vertical.options], chosen = offered.find((option) => option.selected && known(option));
  const other = chosen || offered.find(known);
  if (other) axes.elements.vertical.value = other.value;
  const vertical = columnOf[axes.elements.vertical.value];
  const horizontal = columnOf[axes.elements.horizontal.value];
  if (!vertical || !horizontal) return;
  const points = shown
    .filter((row) => vertical.key in row.cells && row.cells[horizontal.key] > 0)
    .map((row) => ({ row, cost: row.cells[horizontal.key], value: row.cells[vertical.key], spread: row.spreads[vertical.key] || 0 }));
  const without = shown.length - points.length;
  const direction = { min: "lower is better", max: "higher is better" }[vertical.better];
  $("#front-hint").textContent = [
    `${points.length} points; ${direction}.`,
    without ? `${without} of the rows shown have no such numbers.` : "",
  ].join(" ");
  tip.hidden = true;
  if (!points.length) return chart.replaceChildren(h("p", {}, "No row that is shown has both numbers."));
  const width = Math.max(chart.clientWidth, 260), height = Math.round(Math.min(480, Math.max(300, width * 0.5)));
  const edge = { left: 56, right: 14, top: 14, bottom: 46 };
  const costs = points.map((p) => p.cost), span = Math.max(Math.max(...costs) / Math.min(...costs), 1.5);
  const [least, most] = [Math.min(...costs) / span ** 0.15, Math.max(...costs) * span ** 0.15];
  // What returning the input scores is a bar for one problem; of several it would be several bars.
  const there = new Set(shown.map((row) => row.problem));
  const lazy = rows.find((row) => row.kind === "input" && vertical.key in row.cells && there.size === 1 && there.has(row.problem));
  const ends = points.flatMap((p) => [p.value - p.spread, p.value + p.spread]).concat(lazy ? lazy.cells[vertical.key] : []);
  const room = (Math.max(...ends) - Math.min(...ends) || Math.abs(ends[0]) || 1) * 0.06;
  const [low, high] = [Math.min(...ends) - room, Math.max(...ends) + room];
  const inner = width - edge.left - edge.right;
  const x = (cost) => edge.left + (Math.log(cost / least) / Math.log(most / least)) * inner;
  const y = (value) => height - edge.bottom - ((value - low) / (high - low)) * (height - edge.top - edge.bottom);
  points.forEach((p) => (p.x = x(p.cost)));
  dodge(points, inner);
  const label = `${vertical.title} against ${horizontal.title}: ${points.length} rows`;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "group", "aria-label": label });
  let last = -Infinity;
  for (const cost of ticks(least, most, true)) {
    svg.append(s("line", { class: "grid", x1: x(cost), x2: x(cost), y1: edge.top, y2: height - edge.bottom }));
    if (x(cost) - last > 48) {
      last = x(cost);
      svg.append(s("text", { class: "quiet", x: last, y: height - edge.bottom + 16, "text-anchor": "middle" }, short(cost * horizontal.factor)));
    }
  }
  for (const value of ticks(low, high, false)) {
    svg.append(s("line", { class: "grid", x1: edge.left, x2: width - edge.right, y1: y(value), y2: y(value) }));
    svg.append(s("text", { class: "quiet", x: edge.left - 6, y: y(value) + 4, "text-anchor": "end" }, short(value * vertical.factor)));
  }
  svg.append(s("line", { class: "axis", x1: edge.left, x2: width - edge.right, y1: height - edge.bottom, y2: height - edge.bottom }));
  if (lazy) {
    const level = y(lazy.cells[vertical.key]);
    svg.append(s("line", { class: "axis", "stroke-dasharray": "2 4", x1: edge.left, x2: width - edge.right, y1: level, y2: level }));
    svg.append(s("text", { class: "quiet", x: width - edge.right, y: level - 4, "text-anchor": "end" }, lazy.label));
  }
  const titled = (column) => column.title + (column.unit ? `, ${column.unit}` : "");
  svg.append(s("text", { x: edge.left + inner / 2, y: height - 8, "text-anchor": "middle" }, titled(horizontal)));
  svg.append(s("text", { x: 14, y: height / 2, "text-anchor": "middle", transform: `rotate(-90 14 ${height / 2})` }, titled(vertical)));
  for (const problem of problems) {
    const best = front(points.filter((p) => p.row.problem === problem && p.row.kind !== "teacher"), vertical.better);
    if (best.length > 1) {
      const path = best.map((p, place) => (place ? `H${p.x}V${y(p.value)}` : `M${p.x} ${y(p.value)}`)).join("");
      svg.append(s("path", { class: `line ${seriesOf(best[0].row)}`, d: path }));
    }
  }
  points.forEach((point, place) => {
    point.y = y(point.value);
    point.numbers = `${told(vertical, point.value, point.spread)}, ${told(horizontal, point.cost)}`;
    point.drawn = marked(point, y, place);
    svg.append(point.drawn);
  });
  // Of points on top of each other the nearest is meant, not the last drawn.
  const near = (event) => {
    const box = svg.getBoundingClientRect();
    const far = (point) => Math.hypot(event.clientX - box.left - point.x, event.clientY - box.top - point.y);
    const best = points.reduce((a, b) => (far(a) <= far(b) ? a : b));
    return far(best) <= 20 ? best : points.find((point) => point.drawn.contains(event.target));
  };
  svg.addEventListener("pointermove", (event) => tell(near(event)));
  svg.addEventListener("pointerleave", () => tell());
  svg.addEventListener("click", (event) => near(event) && open(near(event).row.name));
  chart.replaceChildren(svg, legend(points), tip);
  tell();
}
function tell(point) {
  $$(".point.near", chart).forEach((each) => each.classList.remove("near"));
  tip.hidden = !point;
  chart.style.cursor = point ? "pointer" : "";
  if (!point) return;
  const { row, x, y, numbers, drawn } = point;
  drawn.classList.add("near");
  tip.replaceChildren(h("b", {}, row.label), `${row.name}: ${numbers}${row.verdict ? ` (${row.verdict})` : ""}`);
  tip.style.left = `${Math.max(0, Math.min(x + 12, chart.clientWidth - tip.offsetWidth))}px`;
  tip.style.top = `${Math.max(0, y - tip.offsetHeight - 10)}px`;
}
function marked(point, y, place) {
  const { row, x, value, spread, numbers } = point;
  return s("g", {
    class: `point ${row.kind} ${seriesOf(row)}`, "data-name": row.name, role: "button", tabindex: place ? -1 : 0,
    "aria-label": `${row.label}, ${row.name}: ${numbers}`, onfocus: () => tell(point), onblur: () => tell(),
  }, spread ? s("path", { class: "bar", d: `M${x} ${y(value - spread)}V${y(value + spread)}` }) : null,
  s("path", { class: "mark", d: shapeOf(row), transform: `translate(${x} ${point.y})` }));
}
function legend(points) {
  const there = problems.filter((problem) => points.some((p) => p.row.problem === problem));
  const entry = (name, row) =>
    h("li", {}, s("svg", { viewBox: "-9 -9 18 18", "aria-hidden": "true" },
      s("g", { class: `point ${row.kind} ${seriesOf(row)}` }, s("path", { class: "mark", d: shapeOf(row) }))), name);
  const first = there[0];
  return h("ul", { class: "legend" },
    there.map((problem) => entry(problem, { problem, kind: "taught" })),
    entry("teacher", { problem: first, kind: "teacher" }), entry("not taught", { problem: first, kind: "control" }));
}
chart.addEventListener("keydown", (event) => {
  const points = $$(".point[data-name]", chart), place = points.indexOf(document.activeElement);
  if (place < 0) return;
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const target = { Home: 0, End: points.length - 1 }[event.key] ?? (step ? place + step : undefined);
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    open(points[place].dataset.name);
  }
  if (target === undefined) return;
  event.preventDefault();
  const next = points[(target + points.length) % points.length];
  points.forEach((each) => each.setAttribute("tabindex", each === next ? 0 : -1));
  next.focus();
});

// Panel
function table(heads, body, about = {}) {
  const numeric = (place) => (place ? "number" : null);
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": about.label },
    h("table", {},
      h("thead", {}, h("tr", {}, heads.map((head, place) => h("th", { scope: "col", class: about.text ? null : numeric(place) }, head)))),
      h("tbody", {}, body.map(([first, ...rest]) =>
        h("tr", {}, h("th", { scope: "row" }, first), rest.map((cell) => h("td", { class: about.text ? null : "number" }, cell)))))));
}
const part = (title, ...children) => (children.flat().some(Boolean) ? [h("h3", {}, title), ...children] : []);
const facts = (pairs) => h("dl", { class: "facts" }, pairs.map(([key, value]) => [h("dt", {}, key), h("dd", {}, value)]));
const link = (name, text) =>
  name in details ? h("a", { href: `#row=${name}` }, text || h("code", {}, name)) : h("code", {}, name);
const range = (low, high) => (low === undefined || high === undefined ? "" : `${short(low)} to ${short(high)}`);

function verdict(row, known) {
  if (row.kind === "teacher") return [h("p", { class: "conclusion" }, "The teacher itself, which its students are measured against.")];
  if (row.kind === "control") return [h("p", { class: "conclusion" }, "A control: the same student, not taught. Taught rows of its size are compared with it.")];
  if (!known.comparisons.length) return [h("p", { class: "conclusion" }, "No comparison with a control is recorded.")];
  const main = known.comparisons.find((each) => each.metric === row.judged) || known.comparisons[0];
  const column = columnOf[main.metric];
  const number = (value) => (column ? inColumn(column, value) : short(value));
  const bounds = main.low === undefined ? "" : `${number(main.low)} to ${number(main.high)}`;
  const because = bounds ? ` (corrected interval ${bounds}, ${main.n} seeds)` : main.n > 1 ? " (the same in every seed: no noise was seen)" : " (a single seed: it says nothing about the next)";
  const line = (each) => [h("code", {}, each.metric), short(each.taught), short(each.untaught), short(each.difference), range(each.low, each.high), each.verdict];
  return [
    h("p", { class: `conclusion ${main.verdict}` }, h("b", {}, main.verdict), `: ${column ? told(column, main.taught) : `${main.metric} ${short(main.taught)}`} against ${number(main.untaught)} of its control `,
      link(main.control), `, a difference of ${number(main.difference)}${because}.`),
    h("details", {}, h("summary", {}, "On every metric"),
      table(["metric", "taught", "control", "difference", "corrected interval", "verdict"], known.comparisons.map(line), { label: "Differences from the control" })),
  ];
}
function tile(name, side, column, line, label) {
  const size = Math.max(64, side), times = size / side, whole = pictures[name];
  const made = h("div", { class: "tile", role: "img", "aria-label": label });
  made.style.width = made.style.height = `${size}px`;
  made.style.backgroundSize = `${whole.width * times}px ${whole.height * times}px`;
  made.style.backgroundPosition = `${-column * size}px ${-line * times}px`;
  address(name).then((url) => (made.style.backgroundImage = `url("${url}")`));
  return made;
}
// Galleries: the models of a problem side by side, every tile out of the rows' own pictures
const spaced = (label) => label.replaceAll("_", " ");
const modelled = (name) => {
  const { kind, label } = rows[indexOf[name]];
  return link(name, { teacher: "teacher", control: `○ ${label}` }[kind] ?? label);
};
const cut = (from, part, column, line, label) => h("td", {}, tile(`sheet ${from}`, part.side, column, line, label));
function translated(names, turn) {
  const [teacher] = names, theirs = details[teacher].parts, exact = theirs.some((part) => part.exact);
  const heads = ["", "input", ...(exact ? ["exact"] : []), ...names.map(modelled)];
  const line = (place, index, person) => {
    const part = theirs[place], label = spaced(part.labels[index]), count = part.labels.length, down = person * part.side;
    const truth = part.exact ? cut(teacher, part, count + 1 + index, part.top + down, `${label}, exact image`) : h("td");
    const made = names.map((name) => cut(name, part, index, details[name].parts[place].top + down, `${label}, ${name}`));
    return h("tr", {}, h("th", { scope: "row" }, label), cut(teacher, part, count, part.top + down, `input ${person + 1}`), exact ? truth : null, made);
  };
  const body = theirs.flatMap((part, place) => part.labels.flatMap((_, index) => persons(part, turn).map((person) => line(place, index, person))));
  return h("table", { class: "tiles" }, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, body));
}
// Where few labels are asked for, there is room for all at once.
const FEW = 3;
const persons = ({ labels, people }, turn) => (labels.length > FEW ? [turn % people] : Array.from({ length: people }, (_, person) => person));
const turns = ([part]) => (part.frames ? part.lines : part.labels.length > FEW ? part.people : 1);
function imagined(names, turn) {
  const [part] = details[names[0]].parts, line = turn % part.lines;
  return h("table", { class: "tiles" }, h("tbody", {}, names.map((name) => h("tr", {}, h("th", { scope: "row" }, modelled(name)),
    Array.from({ length: part.across }, (_, column) => cut(name, part, column, line * part.side, `latent ${line * part.across + column + 1}, ${name}`))))));
}
function gallery({ title, problems: offered }) {
  const box = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Pictures: ${title}` });
  const list = h("select", { "aria-label": `Problem: ${title}` }, offered.map((each, place) => h("option", { value: place }, each.title)));
  let turn = 0;
  const draw = () => {
    const names = offered[list.value].rows, [part] = details[names[0]].parts;
    box.replaceChildren((part.frames ? imagined : translated)(names, turn));
    next.hidden = turns(details[names[0]].parts) < 2;
  };
  const next = h("button", { type: "button", onclick: () => { turn += 1; draw(); } }, "Other pictures");
  list.addEventListener("change", draw);
  draw();
  return h("div", { class: "gallery" }, h("h3", {}, title), h("p", { class: "choice" }, list, next), box);
}
function showGalleries() {
  if (!galleries.length) return;
  $$("#galleries, #to-galleries").forEach((each) => (each.hidden = false));
  $("#galleries").append(...galleries.map(gallery));
}
// Walks through latents
const walking = { steps: 0, timer: 0, tiles: [] };
function placed({ made, part }) {
  const size = Math.max(64, part.side), at = walking.steps % part.frames;
  made.style.backgroundPosition = `${-(at % part.across) * size}px ${-(part.lines + Math.floor(at / part.across)) * size}px`;
}
function walker(name, part, caption) {
  const made = tile(`sheet ${name}`, part.side, 0, part.lines * part.side, `a walk through latents, ${caption}`);
  walking.tiles.push({ made, part });
  placed({ made, part });
  return h("figure", { class: "walker" }, made, h("figcaption", {}, caption));
}
function walk(on) {
  clearInterval(walking.timer);
  walking.timer = on ? setInterval(() => {
    walking.steps += 1;
    walking.tiles = walking.tiles.filter(({ made }) => made.isConnected);
    walking.tiles.forEach(placed);
  }, 160) : 0;
  $("#walking").textContent = on ? "Stop" : "Walk";
}
function walks() {
  const shown = rows.filter((row) => row.name && details[row.name].parts?.[0]?.frames);
  if (!shown.length) return;
  $$("#walk, #to-walk").forEach((each) => (each.hidden = false));
  $("#walks").append(...[...new Set(shown.map((row) => row.problem))].map((problem) => {
    const here = shown.filter((row) => row.problem === problem).sort((a, b) => (b.kind === "teacher") - (a.kind === "teacher"));
    return h("div", {}, h("h3", {}, problem), h("div", { class: "walkers" }, here.map((row) => walker(row.name, details[row.name].parts[0], row.label))));
  }));
  $("#walking").addEventListener("click", () => walk(!walking.timer));
  walk(!matchMedia("(prefers-reduced-motion: reduce)").matches);
}
function latents(name, known) {
  const [part] = known.parts, teacher = known.teacher_row;
  const who = [["this row", name]];
  if (teacher && teacher !== name && details[teacher]?.parts?.[0]?.frames) who.unshift(["teacher", teacher]);
  const line = ([word, from], of, place) => h("tr", { class: place ? null : "person" }, h("th", { scope: "row" }, word),
    Array.from({ length: part.across }, (_, column) => h("td", {}, tile(`sheet ${from}`, part.side, column, of * part.side, `latent ${of * part.across + column + 1}, ${word}`))));
  return [
    h("p", { class: "hint" }, "The same latents for all rows of the problem, first seed; not chosen. Below, one walk around a circle through latents."),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Images of latents, ${known.about.data}` },
      h("table", { class: "tiles" }, h("tbody", {}, Array.from({ length: part.lines }, (_, of) => who.map((each, place) => line(each, of, place)))))),
    h("div", { class: "walkers" }, who.map(([word, from]) => walker(from, part, word))),
  ];
}
function samples(name, known) {
  if (!known.parts) return [h("p", { class: "hint" }, "This row has no pictures.")];
  const sheet = `sheet ${name}`;
  if (!known.parts.length) {
    const image = h("img", { class: "pixels", "data-picture": sheet, width: 2 * pictures[sheet].width, alt: `Sample pictures of ${name}` });
    show(image);
    return [image];
  }
  if (known.parts[0].frames) return latents(name, known);
  const teacher = known.teacher_row, beside = teacher && details[teacher]?.parts;
  return known.parts.flatMap((each, place) => {
    const theirs = beside?.[place], count = each.labels.length, people = Math.min(each.people, theirs?.people ?? each.people);
    const kinds = [
      theirs?.exact && ["exact image", `sheet ${teacher}`, count + 1, theirs.top],
      theirs && teacher !== name && ["teacher", `sheet ${teacher}`, 0, theirs.top],
      ["this row", sheet, 0, each.top],
    ].filter(Boolean);
    const body = Array.from({ length: people }, (_, person) => kinds.map(([who, from, start, top], line) =>
      h("tr", { class: line ? null : "person" }, h("th", { scope: "row" }, who),
        line ? null : h("td", { rowspan: kinds.length }, theirs?.beside ? tile(`sheet ${teacher}`, each.side, count, theirs.top + person * each.side, `input ${person + 1}`) : null),
        each.labels.map((label, index) => h("td", {}, tile(from, each.side, start + index, top + person * each.side, `${label}, ${who}, input ${person + 1}`))))));
    const heads = ["", "input", ...each.labels.map(spaced)];
    return [
      known.parts.length > 1 ? h("p", { class: "hint" }, each.data) : null,
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Translated test images of ${each.data}` },
        h("table", { class: "tiles" }, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, body))),
    ];
  });
}
function diagram(row, known) {
  if (!known.diagram) return [h("p", { class: "hint" }, row.kind === "taught" ? "There is no diagram of this row." : "Nothing is taught here, so nothing joins two networks; its taught twins have diagrams.")];
  const { width, height } = pictures[known.diagram];
  const image = h("img", { "data-picture": known.diagram, width, height, alt: `Teacher, student and compared layers of ${row.name}` });
  show(image);
  return [h("div", { class: "paper narrow" }, image)];
}
function architecture(known) {
  const keys = Object.keys(known.spec);
  if (!keys.length) return [];
  return [table(["setting", "teacher", "this row"], keys.map((key) => [key, String(known.teacher_spec[key] ?? ""), String(known.spec[key])]), { label: "Settings of the networks" })];
}
function plot(title, runs) {
  const width = 220, height = 104, edge = { left: 56, right: 6, top: 8, bottom: 18 };
  const values = runs.flatMap((run) => run.values), steps = runs.flatMap((run) => run.steps);
  const [low, high, end] = [Math.min(...values), Math.max(...values), Math.max(...steps)];
  const x = (step) => edge.left + (step / end) * (width - edge.left - edge.right);
  const y = (value) => height - edge.bottom - ((value - low) / (high - low || 1)) * (height - edge.top - edge.bottom);
  const own = runs.find((run) => !run.control) || runs[0];
  const label = `${title}: from ${short(own.values[0], 3)} at step ${own.steps[0]} to ${short(own.values.at(-1), 3)} at step ${own.steps.at(-1)}`;
  const text = (value, left, top, anchor) => s("text", { class: "quiet", x: left, y: top, "text-anchor": anchor }, value);
  return h("figure", { class: "curve" }, h("figcaption", {}, title.replaceAll("_", " ").replace("/", ": ")),
    s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
      s("path", { class: "axis", fill: "none", d: `M${edge.left} ${edge.top}V${height - edge.bottom}H${width - edge.right}` }),
      text(short(high, 3), edge.left - 4, edge.top + 8, "end"), text(short(low, 3), edge.left - 4, height - edge.bottom, "end"),
      text(end, width - edge.right, height - 4, "end"), text("step", edge.left, height - 4, "start"),
      runs.map((run) => s("path", { class: `line ${run.control ? "control" : `s${run.place % 6}`}`,
        d: run.values.map((value, place) => `${place ? "L" : "M"}${x(run.steps[place]).toFixed(1)} ${y(value).toFixed(1)}`).join("") }))));
}
// Of what is measured every so many steps, the steps that have a number.
function pointsOf(run, name) {
  const there = run.losses[name].map((value, place) => (value === null ? -1 : place)).filter((place) => place >= 0);
  return { steps: there.map((place) => run.steps[place]), values: there.map((place) => run.losses[name][place]) };
}
function losses(row, known) {
  const own = known.steps
    ? known.seeds.map((seed, place) => ({ place, run: curves[`variant ${row.name} ${seed}`] }))
    : [{ place: 0, run: curves[`teacher ${known.teacher} ${known.teacher_seed}`] }];
  const control = known.comparisons[0]?.control;
  const beside = control in details ? [{ control: true, run: curves[`variant ${control} ${details[control].seeds[0]}`] }] : [];
  const runs = [...beside, ...own].filter((each) => each.run);
  const names = [...new Set(runs.filter((each) => !each.control).flatMap((each) => Object.keys(each.run.losses)))];
  if (!names.length) return [h("p", { class: "hint" }, "No training left a curve.")];
  const seeds = known.steps && known.seeds.length > 1 ? " One line per seed." : "";
  return [
    h("p", { class: "hint" }, `Weighted losses, averaged over equal stretches of steps.${seeds}${beside.length ? ` Dashed: the control ${control}.` : ""}`),
    h("div", { class: "curves" }, names.map((name) => plot(name, runs.filter((each) => each.run.losses[name])
      .map((each) => ({ ...each, ...pointsOf(each.run, name) }))))),
  ];
}
function costs(known) {
  const titles = { parameters: "parameters", macs: "MACs, input rule", macs_output_rule: "MACs, output rule", bytes: "weights, bytes", activations: "activations" };
  const ratio = (large, small) => (large && small ? `${short(large / small, 3)}×` : "");
  const body = known.costs.flatMap((each) => Object.keys(titles).filter((key) => key in each.row).map((key) =>
    [`${each.network}: ${titles[key]}`, counted(each.teacher[key] ?? 0), counted(each.row[key]), ratio(each.teacher[key], each.row[key])]));
  const times = known.times.map((each) => [`${each.device}, ${each.threads} thread${each.threads > 1 ? "s" : ""}, batch ${each.batch}`,
    short(each.latency_ms, 3), range(each.latency_ms_q1 && Number(each.latency_ms_q1.toPrecision(3)), each.latency_ms_q3 && Number(each.latency_ms_q3.toPrecision(3))), `${short(each.speed_up, 3)}×`]);
  const { training } = known, seconds = training.seconds === undefined ? "" : lasted(training.seconds);
  const trained = training.macs ? [["forward", training.forward], ["backward", training.backward], ["teacher", training.teacher], ["in all", training.macs]]
    .map(([what, macs]) => [what, counted(macs), what === "in all" ? seconds : ""]) : [];
  const measured = !seconds ? "" : ` It took ${seconds} on ${training.machine}${training.trainings > 1 ? `, the mean of the ${training.trainings} trainings that ran together` : ""}, as recorded when this page was written.`;
  const peak = Object.entries(known.peak_bytes).flatMap(([device, sizes]) => Object.entries(sizes).map(([batch, bytes]) => `${counted(bytes)}B (${device}, batch ${batch})`));
  return [
    table(["counted", "teacher", "this row", "smaller by"], body, { label: "Counted costs" }),
    times.length ? table(["timed", "median, ms", "middle half", "speed-up"], times, { label: "Times" }) : h("p", { class: "hint" }, "This network was not timed."),
    trained.length ? table(["one training", "MACs", "took"], trained, { label: "Cost of training" }) : h("p", { class: "hint" }, "This row is not trained."),
    trained.length ? h("p", { class: "hint" }, `MACs of all steps of one seed, by the input rule.${measured}`) : null,
    peak.length ? h("p", { class: "hint" }, `Peak memory of a call: ${peak.join(", ")}.`) : null,
  ];
}
function metrics(known) {
  const arrow = { min: " ↓", max: " ↑", "": "" };
  const cell = ([value, low, high]) => [short(value), low === undefined ? null : h("span", { class: "range" }, range(low, high))];
  const mean = (values) => values.reduce((sum, each) => sum + each[0], 0) / values.length;
  const several = known.seeds.length > 1;
  const beside = [["input", "returns its input"], ["exact", "exact images"], ["draws", "real draws"]].filter(([key]) => known.metrics.some((each) => key in each));
  const body = known.metrics.map((each) => [
    [h("code", {}, each.key), arrow[each.better], each.unit ? ` ${each.unit}` : "", h("span", { class: "meaning" }, each.meaning)],
    ...(several ? [short(mean(each.values))] : []), ...each.values.map(cell), ...beside.map(([key]) => short(each[key])),
  ]);
  return [table(["metric", ...(several ? ["mean"] : []), ...known.seeds.map((seed) => `seed ${seed}`), ...beside.map(([, who]) => who)], body, { label: "Every metric" }),
    h("p", { class: "hint" }, "Below a number: its 95 % bootstrap interval over test images, where there is one.")];
}
function origin(known) {
  const body = known.origins.filter((item) => item in records).map((item) => {
    const each = records[item];
    const commit = each.commit ? each.commit.slice(0, 10) + (each.modified ? ", files modified" : "") : "";
    const machine = [each.cpu, each.cores && `${each.cores} cores`, each.torch && `PyTorch ${each.torch}`, each.precision].filter(Boolean).join(", ");
    return [h("code", {}, item), each.finished?.replace("T", " ").replace("+00:00", "") ?? "", each.seconds === undefined ? "" : lasted(each.seconds), commit, machine];
  });
  if (!body.length) return [h("p", { class: "hint" }, "No records of the stages were there when this page was written.")];
  return [table(["item", "finished, UTC", "took", "commit", "machine"], body, { label: "Provenance", text: true }),
    h("p", { class: "hint" }, "As recorded in results/provenance when this page was written, for the stages before it. Each run rewrites these records and no stage depends on them: a run that changes no number does not bring this page up to date.")];
}
function copyable(known) {
  const said = h("span", { role: "status", class: "hint" });
  const text = h("pre", { tabindex: 0, "aria-label": "The row in params.yaml" }, known.yaml.trimEnd());
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(known.yaml);
      said.textContent = " Copied.";
    } catch {
      getSelection().selectAllChildren(text);
      said.textContent = " Selected; copy it with the keyboard.";
    }
  };
  return [h("p", { class: "hint" }, "One line below variants: in params.yaml; give it another name and change what you like."), text,
    h("button", { type: "button", id: "copy", onclick: copy }, "Copy"), said];
}
function content(row) {
  const known = details[row.name];
  const about = [["row", h("code", {}, row.name)], ["problem", row.problem], ["teacher", known.teacher_row && known.teacher_row !== row.name ? link(known.teacher_row) : known.teacher],
    ...Object.entries(known.about), ["seeds", known.seeds.join(", ")]];
  return [facts(about), ...verdict(row, known), ...part("Pictures", samples(row.name, known)), ...part("Architecture", diagram(row, known), architecture(known)),
    ...part("Training", losses(row, known)), ...part("Costs", costs(known)), ...part("Metrics", metrics(known)),
    ...part("Where it comes from", origin(known)), ...part("Row of params.yaml", copyable(known))].flat(Infinity).filter(Boolean);
}
let opener = null, followed = null, current = "";
function open(name) {
  const row = rows[indexOf[name]];
  if (!panel.open) opener = followed ?? document.activeElement;
  followed = null;
  current = name;
  $("#panel-title").textContent = row.label;
  $("#panel-content").replaceChildren(...content(row));
  if (!panel.open) wide.matches ? panel.show() : panel.showModal();
  document.body.classList.toggle("beside", wide.matches);
  panel.scrollTop = 0;
  $("#panel-title").focus();
  markPlace();
  history.replaceState(null, "", `#row=${name}`);
}
function markPlace() {
  const names = visible().map((row) => row.name).filter(Boolean), place = names.indexOf(current);
  lines.forEach((line) => line.classList.toggle("chosen", Boolean(current) && rows[line.dataset.row].name === current));
  $$(".point[data-name]", chart).forEach((point) => point.classList.toggle("chosen", point.dataset.name === current));
  $("#panel-place").textContent = place < 0 ? "not among the rows shown" : `${place + 1} of ${names.length}`;
  $("#before").disabled = place <= 0;
  $("#after").disabled = place < 0 || place === names.length - 1;
}
function move(step) {
  const names = visible().map((row) => row.name).filter(Boolean);
  open(names[names.indexOf(current) + step]);
  lines[indexOf[current]].scrollIntoView({ block: "nearest" });
}
panel.addEventListener("close", () => {
  const line = lines[indexOf[current]];
  current = "";
  document.body.classList.remove("beside");
  markPlace();
  history.replaceState(null, "", location.pathname + location.search);
  const back = opener?.isConnected && opener !== document.body ? opener : $(".open", line);
  back?.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (!tip.hidden) tell();
  else if (panel.open) panel.close();
});
wide.addEventListener("change", () => {
  if (!panel.open) return;
  const name = current;
  panel.close();
  open(name);
});
$("#close").addEventListener("click", () => panel.close());
$("#before").addEventListener("click", () => move(-1));
$("#after").addEventListener("click", () => move(1));

// The table's rows
$("#table tbody").addEventListener("click", (event) => {
  const row = rows[event.target.closest("tr").dataset.row];
  if (row.name && (event.target.closest(".open") || !String(getSelection()))) open(row.name);
});
$("#table tbody").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches(".open")) return;
  event.preventDefault();
  const buttons = $$("#table tbody tr:not([hidden]) .open");
  buttons[buttons.indexOf(event.target) + step]?.focus();
});
heads.forEach((head) => $("button", head).addEventListener("click", () => sort(head)));
lines.forEach((line) => rows[line.dataset.row].name && line.setAttribute("data-open", ""));
filters.addEventListener("input", filter);
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("reset", () => setTimeout(filter));
axes.addEventListener("change", drawChart);
new ResizeObserver(([{ contentRect }], observer) => {
  if (observer.width !== contentRect.width) drawChart();
  observer.width = contentRect.width;
}).observe(chart);

// Start
for (const [axis, keep, first] of [["vertical", (column) => column.better, rows.find((row) => row.name)?.judged], ["horizontal", (column) => column.cost, "macs"]]) {
  const offered = columns.filter((column) => keep(column) && rows.some((row) => row.name && column.key in row.cells));
  axes.elements[axis].append(...offered.map((column) => h("option", { value: column.key }, column.title)));
  if (offered.some((column) => column.key === first)) axes.elements[axis].value = first;
}
$$("[hidden]", document.body).forEach((each) => each.matches("#filters, #front, #theme") && (each.hidden = false));
chosenTheme = remember();
paint();
preference.addEventListener("change", paint);
filter();
showGalleries();
walks();
function follow() {
  const name = location.hash.replace(/^#row=/, "");
  if (location.hash.startsWith("#row=") && Object.hasOwn(details, name) && name !== current) {
    open(name);
    lines[indexOf[name]].scrollIntoView({ block: "center" });
  }
}
addEventListener("hashchange", follow);
// Going to a row takes the focus from the link that led there; it comes back when the row is closed.
document.addEventListener("click", (event) => (followed = event.target.closest('a[href^="#row="]')));
follow();
const waiting = $$("img[data-picture]");
const watcher = new IntersectionObserver((seen) => seen.filter((each) => each.isIntersecting).forEach(({ target }) => {
  watcher.unobserve(target);
  show(target);
}), { rootMargin: "600px" });
waiting.forEach((image) => watcher.observe(image));
// What lies far below is drawn too, when nothing else is left to do: for print, and for whoever searches the page.
const rest = () => setTimeout(() => waiting.forEach(show), 1500);
document.readyState === "complete" ? rest() : addEventListener("load", rest);
