// The page: what is shown, and what happens when somebody chooses.

const $ = (id) => document.getElementById(id);
const WALK_FRAMES = 9;
const BUSY = "But this device has much else to do, so times vary widely.";
const ONLY_DRAWN = "These networks have seen nothing but drawn pictures like those above, so expect little where yours is another kind.";
const EACH_TIMED = 20;
const PAUSE_MS = 900;
const WARM_ROUNDS = 5, WARM_MS = 500;

const kinds = new Map();
let problem, kind, student, playing = false, wanted = 0;

/** Make a problem the one that is shown. */
async function open(chosen) {
  say("");
  problem = chosen;
  student = problem.rows.slice(1).find((row) => row.taught) ?? problem.rows[1];
  if (!kinds.has(problem)) {
    const made = new KINDS[problem.examination](problem);
    await made.load();
    kinds.set(problem, made);
  }
  kind = kinds.get(problem);
  $("lab").className = problem.examination;
  const invents = problem.examination === "synthesis";
  for (const part of ["input", "exact"]) $(part).closest("figure").hidden = invents;
  $("walk-strip").hidden = !invents;
  arrange();
  await show();
  await warm();
}

/** A few more runs, for a first estimate of the times: those of the cold networks did not count. */
async function warm() {
  const end = performance.now() + WARM_MS, rows = [problem.rows[0], student], { inputs } = kind.question();
  for (let round = 0; round < WARM_ROUNDS && performance.now() < end; round++) {
    for (const row of rows) await image(row, kind.network(row), inputs);
  }
  await show();
}

/** Lay out controls and thumbnails anew, the focus where it was. */
function arrange() {
  const focused = chooseable().indexOf(document.activeElement);
  $("actions").replaceChildren(...actions());
  $("controls").replaceChildren(...CONTROLS[problem.examination](kind, lab),
    students(problem.rows.slice(1), student, (row) => lab.change(() => { student = row; })));
  chooseable()[focused]?.focus();
  thumbnails();
}

const chooseable = () => [...document.querySelectorAll("#actions button, #controls :is(input, select, button)")];

/** What the controls may ask of the page. */
const lab = {
  change(action) {
    action();
    arrange();
    return show();
  },
  slide(action) {
    action();
    return show();
  },
  async take(file) {
    try {
      const pixels = await fromFile(file, problem.side);
      kind.take(pixels, await read(pixels));
    } catch {
      say(`${file.name} is not a picture that this browser can open.`);
      return;
    }
    lab.change(() => {});
  },
};

/** The labels that a picture has, as the reader of the data set sees them, where there is one. */
async function read(pixels) {
  const reader = facts.readers[problem.dataset];
  say(ONLY_DRAWN);
  if (!reader) return null;
  const { answers } = await run(reader, { image: pictureInput(pixels, problem.side) });
  if (answers.strangeness.data[0] > 1) {
    say("This picture is unlike any that the networks have seen, so expect little of their answers.");
  }
  const found = (label) => answers.labels.data[reader.labels.indexOf(label)] ?? 0;
  return problem.groups.reduce((vector, group) => {
    const likely = group.labels.reduce((best, label) => (found(label) > found(best) ? label : best));
    return kind.changed(vector, group, group.free && found(likely) < 0.5 ? "" : likely);
  }, "0".repeat(problem.labels.length));
}

function say(text) {
  $("status").textContent = text;
}

/** Buttons for the next picture. */
function actions() {
  const play = button(playing ? "Stop" : "Play", () => toggle(), { className: "play", ariaPressed: String(playing) });
  const surprise = button("Surprise me", () => lab.change(() => kind.surprise()));
  if (!kind.thumbnails.length) return [surprise, play];
  const [before, after] = [-1, 1].map((by) => button(by < 0 ? "‹" : "›", () => step(by), { ariaLabel: `${by < 0 ? "Previous" : "Next"} ${kind.noun.toLowerCase()}` }));
  return [before, after, surprise, play];
}

/** The next or the previous picture. */
function step(by) {
  const all = kind.thumbnails;
  if (!all.length) return;
  const place = all.findIndex((each) => each.index === kind.index);
  lab.change(() => {
    kind.own = null;
    kind.index = all[(place + by + all.length) % all.length].index;
  });
}

/** Pictures to choose from, as radio buttons. */
function thumbnails() {
  const all = kind.thumbnails;
  const focused = $("people").contains(document.activeElement);
  $("people").hidden = !all.length;
  $("people").replaceChildren(make("legend", { className: "hidden" }, kind.noun), ...all.map(({ index, pixels }, place) => {
    const input = make("input", { type: "radio", name: "person", checked: !kind.own && index === kind.index, ariaLabel: `${kind.noun} ${place + 1}` });
    input.addEventListener("change", () => lab.change(() => { kind.own = null; kind.index = index; }));
    const canvas = make("canvas", { ariaHidden: "true" });
    paint(canvas, pixels, problem.side);
    return make("label", {}, input, canvas);
  }));
  const chosen = $("people").querySelector("input:checked");
  if (focused) chosen?.focus();
  if (chosen) intoView(chosen.closest("label"));
}

/** Move the row of thumbnails, and nothing else. */
function intoView(label) {
  const row = $("people");
  row.scrollLeft = label.offsetLeft - row.offsetLeft - (row.clientWidth - label.offsetWidth) / 2;
}

/** Ask both networks, and show what they answer unless something else was asked for meanwhile. */
async function show() {
  const mine = ++wanted;
  const asked = { kind, problem, student, question: kind.question(), words: kind.asked() };
  const [teacher] = problem.rows;
  const slow = await image(teacher, kind.network(teacher), asked.question.inputs);
  if (mine !== wanted) return;
  const fast = await image(asked.student, asked.kind.network(asked.student), asked.question.inputs);
  if (mine !== wanted) return;
  picture(asked, slow, fast);
  if (problem.examination === "synthesis") await strip(mine);
}

/** Paint everything. */
function picture({ question, words, student: row }, slow, fast) {
  const side = problem.side, { input, exact } = question;
  if (input) paint($("input"), input, side);
  if (exact) paint($("exact"), exact, side);
  $("exact").hidden = !exact;
  $("no-exact").hidden = Boolean(exact);
  $("no-exact").textContent = kind.own ? "Of your own picture nobody knows the exact answer." : "Known for one change at a time.";
  paint($("teacher"), slow, side);
  paint($("student"), fast, side);
  maps(exact, slow, fast);
  const away = errors(input, exact, slow, fast);
  details($("teacher-facts"), problem.rows[0], away.teacher);
  details($("student-facts"), row, away.student);
  label("input", `Input: ${kind.own ? "your own picture" : `${kind.noun.toLowerCase()} ${kind.thumbnails.findIndex((each) => each.index === kind.index) + 1}`}`);
  label("exact", `Exact answer, ${words}`);
  label("teacher", `Teacher, ${words}`);
  label("student", `Student, ${words}`);
  $("verdict").textContent = verdict(row, away);
  if (!playing) $("live").textContent = `${capital(words)}. ${$("verdict").textContent}`;
  $("speed").hidden = false;
  drawChart($("chart"), $("times"), row);
}

const label = (id, text) => $(id).setAttribute("aria-label", text);

/** Where the answers are wrong; without an exact answer, where the student differs from its teacher. */
function maps(exact, slow, fast) {
  $("teacher-map").closest("figure").hidden = !exact;
  if (exact) paint($("teacher-map"), differences(slow, exact), problem.side);
  paint($("student-map"), differences(fast, exact ?? slow), problem.side);
  $("map-legend").textContent = exact
    ? "Error maps: black where equal to the exact answer, yellow where a third of the full scale away or more."
    : "The map shows where the student differs from its teacher: black where equal, yellow where a third of the full scale away or more.";
  label("teacher-map", "Where the teacher is wrong");
  label("student-map", exact ? "Where the student is wrong" : "Where the student differs from its teacher");
}

/** Mean errors in levels; `against` says what was compared with what. */
function errors(input, exact, slow, fast) {
  if (!exact) return { teacher: null, student: { words: "Difference", value: distance(fast, slow) } };
  const named = (pixels) => ({ words: "Error", value: distance(pixels, exact) });
  return { teacher: named(slow), student: named(fast), input: distance(input, exact) };
}

/** The figures below a network's picture. */
function details(list, row, away) {
  const network = kind.network(row), watch = clock(row);
  const facts = [
    ...(away ? [[away.words, `${levels(away.value)} of 255`]] : []),
    ["Time here", watch.runs ? milliseconds(watch.median) : "…"],
    ["MACs", short(network.macs)],
    ["File", megabytes(network.length)],
  ];
  list.replaceChildren(...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

/** What one sees, in a few sentences. */
function verdict(row, away) {
  const [teacher] = problem.rows;
  const [slow, fast] = [clock(teacher), clock(row)];
  const less = times(kind.network(teacher).macs / kind.network(row).macs);
  const parts = [`The student does ${less} times less arithmetic than its teacher.`];
  if (slow.runs && fast.runs && fast.median) parts.push(speed(slow.median, fast.median), ...(slow.unsure || fast.unsure ? [BUSY] : []));
  if (!away.teacher) return [...parts, `Its answer is ${levels(away.student.value)} of 255 levels from the teacher's.`].join(" ");
  const [a, b] = [away.teacher.value, away.student.value];
  const compared = b > 1.1 * a ? `${times(b / a)} times as far as the teacher (${levels(a)})` : b < a / 1.1 ? `closer than the teacher (${levels(a)})` : "as close as the teacher";
  parts.push(`Its answer is ${levels(b)} of 255 levels from the exact one, ${compared}.`);
  parts.push(`Returning the picture as it is would be ${levels(away.input)} levels off.`);
  return parts.join(" ");
}

function speed(slow, fast) {
  const [a, b] = [milliseconds(slow), milliseconds(fast)];
  return fast < slow ? `On this device it takes ${b} instead of ${a}: ${times(slow / fast)} times as fast.` : `On this device that saves no time: ${b} against ${a}.`;
}

/** Frames on the way from the first picture to the second. */
async function strip(mine) {
  const latents = Array.from({ length: WALK_FRAMES }, (_, i) => kind.latent(i / (WALK_FRAMES - 1)));
  for (const [id, row] of [["walk-teacher", problem.rows[0]], ["walk-student", student]]) {
    const { answers } = await run(kind.network(row), kind.inputs(latents));
    if (mine !== wanted) return;
    const pixels = Object.values(answers)[0].data, size = problem.side ** 2 * 3;
    const [painted, width] = beside(latents.map((_, i) => pixels.subarray(i * size, (i + 1) * size)), problem.side);
    paint($(id), painted, width, problem.side);
    label(id, `The way from the first picture to the second, by the ${id.slice(5)}`);
  }
}

/** Draw people one after the other, or stop. */
async function toggle() {
  playing = !playing;
  arrange();
  while (playing) {
    await lab.change(() => kind.surprise());
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Ask all networks of the problem in turn, so that whatever else the device does meets all of them. */
async function timeAll() {
  const inputs = kind.question().inputs, rows = problem.rows;
  $("time").disabled = true;
  for (let round = 1; round <= EACH_TIMED; round++) {
    for (const row of rows) await image(row, kind.network(row), inputs);
    $("timing").textContent = `round ${round} of ${EACH_TIMED}`;
    if (round % 4 === 0) drawChart($("chart"), $("times"), student);
    await new Promise((resolve) => setTimeout(resolve));
  }
  $("timing").textContent = `${title(problem)}: done`;
  $("time").disabled = false;
  await show();
}

/** Keys and dropped files. */
function listen() {
  document.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input, select, textarea, summary")) return;
    event.preventDefault();
    step(by);
  });
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer.files;
    if (file && kind?.take) lab.take(file);
  });
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  $("time").addEventListener("click", timeAll);
  new ResizeObserver(() => student && drawChart($("chart"), $("times"), student)).observe($("chart"));
}

/** The problems, as radio buttons. */
function offerProblems() {
  const options = facts.problems.map((each) => [each, title(each)]);
  const chosen = radios("What the networks do", options, facts.problems[0], (each) => {
    playing = false;
    open(each);
  });
  chosen.id = "problems";
  chosen.querySelector("legend").className = "hidden";
  $("problems").replaceWith(chosen);
}

/** Everything, once. */
async function begin() {
  paint($("scale"), Array.from({ length: 64 }, (_, i) => colour(i / 63)).flat(), 64, 1);
  offerProblems();
  listen();
  await start();
  if (location.hash === "#check") return check();
  $("lab").hidden = false;
  await open(facts.problems[0]);
  say("");
}

addEventListener("unhandledrejection", (event) => say(`Something went wrong: ${event.reason?.message ?? event.reason}`));
begin().catch((error) => say(`This browser cannot run the networks: ${error.message}`));
