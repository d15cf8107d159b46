// What is asked of networks, for each kind of problem: pictures, inputs, and the exact answer where it is known.

/** The pictures of a problem: each a list of versions, of which all but the first are kept as differences. */
async function pictures(problem, versions) {
  const bytes = await blob(problem.pictures);
  const size = problem.side ** 2 * 3;
  return Array.from({ length: bytes.length / size / versions }, (_, person) => {
    const start = person * versions * size;
    const first = bytes.slice(start, start + size);
    return Array.from({ length: versions }, (_, k) =>
      k === 0 ? first : bytes.slice(start + k * size, start + (k + 1) * size).map((value, i) => value + first[i]));
  });
}

/** Uniform numbers from a seed (mulberry32). */
function uniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normal numbers from a seed (Box and Muller). */
function normal(seed, count) {
  const random = uniform(seed);
  return Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}

const anyOf = (count) => Math.floor(Math.random() * count);

/** Labels of people can be switched one by one; some exclude each other. */
class Translation {
  constructor(problem) {
    this.problem = problem;
    this.index = 0;
    this.wishes = new Map();
    this.own = null;
    this.noun = "Person";
  }

  async load() {
    this.pictures = await pictures(this.problem, this.problem.vectors[0].length);
    const group = this.problem.groups[0];
    this.wish(group, group.labels[Math.min(1, group.labels.length - 1)]);
  }

  /** Which label of a group a vector has; none is "". */
  chosen(vector, group) {
    return group.labels.find((label) => vector[this.problem.labels.indexOf(label)] === "1") ?? "";
  }

  /** A vector with another choice in a group. */
  changed(vector, group, choice) {
    return this.problem.labels.map((label, i) => (group.labels.includes(label) ? Number(label === choice) : vector[i])).join("");
  }

  wish(group, choice) {
    this.wishes.set(group, choice);
  }

  get source() {
    return this.own?.vector ?? this.problem.vectors[this.index][this.problem.own[this.index]];
  }

  get target() {
    return [...this.wishes].reduce((vector, [group, choice]) => this.changed(vector, group, choice), this.source);
  }

  get thumbnails() {
    return this.pictures.map((versions, i) => ({ index: i, pixels: versions[this.problem.own[i]] }));
  }

  surprise() {
    this.own = null;
    this.index = anyOf(this.pictures.length);
    this.wishes.clear();
    const group = this.problem.groups[anyOf(this.problem.groups.length)];
    const choices = (group.free ? ["", ...group.labels] : group.labels).filter((each) => each !== this.chosen(this.source, group));
    this.wish(group, choices[anyOf(choices.length)]);
  }

  take(pixels, vector) {
    this.own = { pixels, vector: vector ?? "0".repeat(this.problem.labels.length) };
  }

  network(row) {
    return row.networks[0];
  }

  question() {
    const versions = this.pictures[this.index], vectors = this.problem.vectors[this.index];
    const exact = this.own ? -1 : vectors.indexOf(this.target);
    const input = this.own?.pixels ?? versions[this.problem.own[this.index]];
    return { input, exact: versions[exact] ?? null, inputs: this.inputs(input, this.source, this.target) };
  }

  inputs(input, source, target) {
    return { image: pictureInput(input, this.problem.side), source: numbers([...source]), target: numbers([...target]) };
  }

  /** The image number i towards label number i, and so on round: what a test compares. */
  checked(i) {
    const source = this.problem.vectors[i][this.problem.own[i]];
    const label = this.problem.labels[i % this.problem.labels.length];
    const group = this.problem.groups.find((each) => each.labels.includes(label));
    const choice = group.labels.length === 1 && this.chosen(source, group) ? "" : label;
    return this.inputs(this.pictures[i][this.problem.own[i]], source, this.changed(source, group, choice));
  }

  get count() {
    return this.pictures.length;
  }

  asked() {
    const words = this.problem.groups
      .filter((group) => this.chosen(this.source, group) !== this.chosen(this.target, group))
      .map((group) => {
        const now = this.chosen(this.target, group);
        return now ? plain(now) : group.labels.length === 1 ? `not ${plain(group.labels[0])}` : `other ${groupName(group).toLowerCase()}`;
      });
    return words.length ? `asked for: ${listed(words)}` : "asked for no change";
  }
}

/** Two kinds of pictures, a network from each to the other. */
class Directions {
  constructor(problem) {
    this.problem = problem;
    this.index = 0;
    this.own = null;
    this.ways = problem.rows[0].networks
      .map((network) => ({ name: network.name, from: network.from, to: network.to }))
      .sort((a, b) => this.domain(a.from) - this.domain(b.from));
    [this.way] = this.ways;
    this.noun = "Scene";
  }

  async load() {
    this.pictures = await pictures(this.problem, 2);
    this.index = this.thumbnails[0].index;
  }

  domain(label) {
    return this.problem.labels.indexOf(label);
  }

  get thumbnails() {
    const from = this.domain(this.way.from);
    return this.pictures.flatMap((versions, i) => (this.problem.own[i] === from ? [{ index: i, pixels: versions[from] }] : []));
  }

  go(way) {
    this.way = way;
    this.own = null;
    this.index = this.thumbnails[0].index;
  }

  surprise() {
    this.own = null;
    this.go(this.ways[anyOf(this.ways.length)]);
    this.index = this.thumbnails[anyOf(this.thumbnails.length)].index;
  }

  take(pixels) {
    this.own = { pixels };
  }

  network(row) {
    return row.networks.find((each) => each.name === this.way.name);
  }

  question() {
    const versions = this.pictures[this.index];
    const input = this.own?.pixels ?? versions[this.domain(this.way.from)];
    const exact = this.own ? null : versions[this.domain(this.way.to)];
    return { input, exact, inputs: { image: pictureInput(input, this.problem.side) } };
  }

  checked(i, network) {
    return { image: pictureInput(this.pictures[i][this.domain(network.from)], this.problem.side) };
  }

  get count() {
    return this.pictures.length;
  }

  asked() {
    return `${this.way.from} to ${this.way.to}`;
  }
}

/** Pictures out of random numbers; no exact answer exists. */
class Synthesis {
  constructor(problem) {
    this.problem = problem;
    this.seeds = [1, 2];
    this.walk = 0;
    this.truncation = 1;
    this.thumbnails = [];
    this.count = 50;
    this.noun = "Picture";
  }

  async load() {}

  surprise() {
    this.seeds = [anyOf(10000), anyOf(10000)];
    this.walk = 0;
  }

  network(row) {
    return row.networks[0];
  }

  /** The numbers a share of the way from the first to the second; their spread stays the same on the way. */
  latent(share) {
    const [one, other] = this.seeds.map((seed) => normal(seed, this.problem.latent));
    const angle = (share * Math.PI) / 2;
    return one.map((value, i) => value * Math.cos(angle) + other[i] * Math.sin(angle));
  }

  question() {
    return { input: null, exact: null, inputs: this.inputs([this.latent(this.walk)]) };
  }

  /** Inputs of several latents at once. */
  inputs(latents) {
    return { latent: numbers(latents.flat(), [latents.length, this.problem.latent]), truncation: numbers([this.truncation], []) };
  }

  checked(i) {
    return this.inputs([normal(i, this.problem.latent)]);
  }

  asked() {
    return `picture ${this.seeds[0]}, ${Math.round(this.walk * 100)} % of the way to picture ${this.seeds[1]}`;
  }
}

const KINDS = { translation: Translation, directions: Directions, synthesis: Synthesis };

/** What a problem is called among the others. */
function title(problem) {
  const others = facts.problems.filter((each) => each !== problem).map(kindOfTitle);
  const mine = kindOfTitle(problem);
  return others.includes(mine) ? `${mine} (${problem.name})` : mine;
}

function kindOfTitle(problem) {
  if (problem.examination === "translation") return "Change a face";
  if (problem.examination === "directions") return `${capital(plain(problem.labels[0]))} ⇄ ${plain(problem.labels[1])}`;
  return `Invent ${plain(problem.name)}`;
}

/** What the labels of a group have in common: `Hair` of hair colours. */
function groupName(group) {
  const ends = new Set(group.labels.map((label) => label.split("_").at(-1)));
  return ends.size === 1 ? [...ends][0] : "One of";
}
