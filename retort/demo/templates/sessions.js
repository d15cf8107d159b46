// Networks: made ready when they are first asked, run one after the other, timed.

const KEPT = 99;
// Browsers tell the time in steps of 0.1 ms, so what is faster than this is asked several times.
const FAST_MS = 2, REPEATS = 5;
const sessions = new Map();
const clocks = new Map();
let last = Promise.resolve();

/** Make the runtime ready. */
async function start() {
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = await blob(facts.wasm);
}

/** The network of a file, ready to run. */
function ready(network) {
  if (!sessions.has(network.blob)) {
    const made = blob(network).then((bytes) => ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] }));
    sessions.set(network.blob, made);
  }
  return sessions.get(network.blob);
}

/** What a network answers, by name, and how long that took, of several times the mean; calls wait for each other. */
function run(network, inputs, repeats = 1) {
  const mine = last.then(async () => {
    const session = await ready(network);
    const given = Object.fromEntries(network.inputs.map((name) => [name, tensor(inputs[name])]));
    const began = performance.now();
    let answers;
    for (let i = 0; i < repeats; i++) answers = await session.run(given);
    return { answers, ms: (performance.now() - began) / repeats };
  });
  last = mine.catch(() => {});
  return mine;
}

/** The first and only answer of a network of images; the time counts for the row once the network is warm. */
async function image(row, network, inputs) {
  const { answers, ms } = await run(network, inputs, clock(row).repeats);
  clock(row).add(network, ms);
  return Object.values(answers)[0].data;
}

/** A value with its shape as a tensor. */
function tensor({ data, dims }) {
  return new ort.Tensor(data instanceof Uint8Array ? "uint8" : "float32", data, dims);
}

const pictureInput = (pixels, side) => ({ data: new Uint8Array(pixels), dims: [1, side, side, 3] });
const numbers = (values, dims = [1, values.length]) => ({ data: Float32Array.from(values), dims });

/** The times of a row's last runs; the first of each network is not like the others and is left out. */
function clock(row) {
  if (!clocks.has(row.name)) clocks.set(row.name, new Clock());
  return clocks.get(row.name);
}

class Clock {
  warm = new Set();
  times = [];

  add(network, ms) {
    if (this.warm.has(network.blob)) this.times.push(ms);
    this.warm.add(network.blob);
    if (this.times.length > KEPT) this.times.shift();
  }

  get repeats() {
    return this.runs && this.median < FAST_MS ? REPEATS : 1;
  }

  get runs() {
    return this.times.length;
  }

  /** The value below which a share of the times lies. */
  at(share) {
    const sorted = this.times.toSorted((a, b) => a - b);
    const place = share * (sorted.length - 1);
    const before = Math.floor(place), after = Math.ceil(place);
    return sorted[before] + (place - before) * (sorted[after] - sorted[before]);
  }

  /** Whether the times differ so much that a median of them says little. */
  get unsure() {
    return this.at(0.75) > 2 * this.at(0.25);
  }

  get median() {
    return this.at(0.5);
  }
}
