// Elements that people choose with. Each calls back with what was chosen.

/** An element with properties and children. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

let names = 0;

/** One choice of several; options are [value, text, whether it is how the picture is]. */
function radios(legend, options, chosen, changed) {
  const name = `choice${names++}`;
  const labels = options.map(([value, text, own]) => {
    const input = make("input", { type: "radio", name, checked: value === chosen });
    input.addEventListener("change", () => changed(value));
    return make("label", { className: own ? "own" : "" }, input, make("span", {}, text, ...(own ? [asItIs()] : [])));
  });
  return make("fieldset", { className: "segments" }, make("legend", {}, legend), ...labels);
}

const asItIs = () => make("span", { className: "hidden" }, " (as in the picture)");

/** Something that is or is not; `own` says how the picture is. */
function flag(text, chosen, own, changed) {
  const input = make("input", { type: "checkbox", checked: chosen, role: "switch" });
  input.addEventListener("change", () => changed(input.checked));
  const was = make("small", {}, chosen === own ? "" : own ? "was" : "was not");
  return make("label", { className: "switch" }, input, make("span", {}, text), was);
}

/** A share between 0 and `most`. */
function slider(text, value, most, changed) {
  const shown = make("output", {}, value.toFixed(2));
  const input = make("input", { type: "range", min: 0, max: most, step: 0.01, value });
  input.addEventListener("input", () => {
    shown.value = Number(input.value).toFixed(2);
    changed(Number(input.value));
  });
  // A label belongs to the first element in it that can have one, and an output can.
  return make("label", { className: "slider" }, make("span", {}, text), input, shown);
}

/** A whole number. */
function whole(text, value, changed) {
  const input = make("input", { type: "number", min: 0, max: 4294967295, step: 1, value });
  input.addEventListener("change", () => changed(Math.floor(Math.abs(Number(input.value))) || 0));
  return make("label", { className: "whole" }, make("span", {}, text), input);
}

function button(text, pressed, properties = {}) {
  const made = make("button", { type: "button", ...properties }, text);
  made.addEventListener("click", pressed);
  return made;
}

/** The students of a problem. */
function students(rows, chosen, changed) {
  const select = make("select", {}, ...rows.map((row) => make("option", { value: row.name, selected: row === chosen }, offer(row))));
  select.addEventListener("change", () => changed(rows.find((row) => row.name === select.value)));
  return make("label", { className: "choice" }, make("span", {}, "Student"), select);
}

/** The controls of a group of labels, as the picture is and as is asked for. */
function groupControl(kind, group, vector, changed, own = vector) {
  const now = kind.chosen(vector, group), before = kind.chosen(own, group);
  if (group.labels.length === 1) {
    const [label] = group.labels;
    return flag(capital(plain(label)), now === label, before === label, (on) => changed(on ? label : ""));
  }
  const shared = groupName(group);
  const text = (label) => capital(plain(shared === "One of" ? label : label.replace(`_${shared}`, "")));
  const options = group.labels.map((label) => [label, text(label), label === before]);
  if (group.free) options.push(["", "Other", before === ""]);
  return radios(shared, options, now, changed);
}

/** A picture of one's own: chosen here, or dropped anywhere on the page. */
function ownPicture(taken) {
  const input = make("input", { type: "file", accept: "image/*" });
  input.addEventListener("change", () => input.files[0] && taken(input.files[0]));
  return make("label", { className: "file" }, make("span", {}, "Your own picture"), make("small", {}, "or drop one; it stays on this device"), input);
}

/** What is to be chosen for each kind of problem. */
const CONTROLS = {
  translation(kind, lab) {
    const wish = (group) => (choice) => lab.change(() => kind.wish(group, choice));
    const asked = kind.problem.groups.map((group) => groupControl(kind, group, kind.target, wish(group), kind.source));
    const parts = [make("fieldset", { className: "group" }, make("legend", {}, "Ask for"), ...asked,
      button("As the picture is", () => lab.change(() => kind.wishes.clear()), { disabled: !kind.wishes.size }))];
    if (kind.own) {
      const tell = (group) => (choice) => lab.change(() => { kind.own.vector = kind.changed(kind.source, group, choice); });
      const told = kind.problem.groups.map((group) => groupControl(kind, group, kind.source, tell(group)));
      parts.push(make("fieldset", { className: "group" }, make("legend", {}, "Your picture shows"), ...told));
    }
    return [...parts, ownPicture(lab.take)];
  },
  directions(kind, lab) {
    const options = kind.ways.map((way) => [way, `${capital(plain(way.from))} → ${plain(way.to)}`]);
    const parts = options.length > 1 ? [radios("Direction", options, kind.way, (way) => lab.change(() => kind.go(way)))] : [];
    return [...parts, ownPicture(lab.take)];
  },
  synthesis(kind, lab) {
    const seed = (place) => (value) => lab.change(() => { kind.seeds[place] = value; });
    return [
      make("div", { className: "pair" }, whole("First picture", kind.seeds[0], seed(0)), whole("Second picture", kind.seeds[1], seed(1))),
      slider("From first to second", kind.walk, 1, (value) => lab.slide(() => { kind.walk = value; })),
      slider("Truncation: 0 is the average picture", kind.truncation, 1.2, (value) => lab.slide(() => { kind.truncation = value; })),
    ];
  },
};
