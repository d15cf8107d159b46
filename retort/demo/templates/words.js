// Numbers and names as people read them.

const digits = (value, count) => value.toLocaleString("en", { maximumSignificantDigits: count });
const thousands = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];

/** 46333952 as 46.3 M. */
function short(value) {
  const [unit, letter] = thousands.find(([each]) => value >= each) ?? [1, ""];
  return `${digits(value / unit, 3)} ${letter}`.trim();
}

const megabytes = (bytes) => (bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.round(bytes / 1e3)} kB`);
const milliseconds = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
const times = (value) => (value < 10 ? value.toFixed(1) : Math.round(value).toString());
const levels = (value) => value.toFixed(1);

/** `Black_Hair` as black hair. */
const plain = (label) => label.replaceAll("_", " ").toLowerCase();
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const listed = (parts) => (parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`);

/** How a student is offered. */
function offer(row) {
  const taught = row.taught ? `taught by ${row.called}` : "not taught";
  return `${capital(taught)} (${row.made})`;
}
