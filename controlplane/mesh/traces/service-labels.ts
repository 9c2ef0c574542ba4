/** Names that a mesh file takes, for the names of traces. */
export interface ServiceLabels {
  readonly labels: ReadonlyMap<string, string>;
  /** Different names that would have had one label, which only the first keeps. */
  readonly collisions: readonly { readonly label: string; readonly names: readonly string[] }[];
}

/** Of a DNS label. */
const lengthMax = 63;
/** What a request from no service is said to be from. */
const reserved = "outside";

/** Labels that depend on the names alone, not on their order. */
export function serviceLabels(names: Iterable<string>): ServiceLabels {
  const labels = new Map<string, string>();
  const collisions: { label: string; names: readonly string[] }[] = [];
  const wanted = Map.groupBy([...names].sort(), labelOf);
  const rest: (readonly [name: string, label: string])[] = [];
  for (const [label, same] of wanted) {
    // A name that is a label already keeps it, however the others sort.
    const first = label === reserved ? undefined : (same.find((name) => name === label) ?? same[0]);
    if (same.length > 1) collisions.push({ label, names: same });
    for (const name of same) {
      if (name === first) labels.set(name, label);
      else rest.push([name, label]);
    }
  }
  const taken = new Set(labels.values());
  for (const [name, label] of rest) {
    let free = marked(label, name);
    for (let turn = 1; taken.has(free); turn++) free = marked(label, `${name} ${turn}`);
    taken.add(free);
    labels.set(name, free);
  }
  return { labels, collisions };
}

/** A namespace stays apart. */
function labelOf(name: string): string {
  const [namespace = "", own, ...rest] = name.split("/");
  return own === undefined || rest.length > 0 || part(namespace) === "" || part(own) === ""
    ? partOf(name)
    : `${partOf(namespace)}/${partOf(own)}`;
}

function part(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

function partOf(text: string): string {
  const label = part(text);
  if (label === "") return marked("svc", text);
  return label.length > lengthMax ? marked(label, text) : label;
}

/** With something of the name itself at its end, so that no other one has it. */
function marked(label: string, name: string): string {
  const mark = hash(name);
  return `${label.slice(0, lengthMax - mark.length - 1).replace(/-+$/, "")}-${mark}`;
}

/** FNV-1a, of the UTF-16 units. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return value.toString(16).padStart(8, "0");
}
