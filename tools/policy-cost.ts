import {
  createHost,
  type FetchAnswer,
  type HostExchange,
  type HostOptions,
} from "../filters/proxy-wasm-as/testing/index.ts";

/** A request whose cost is worth knowing. */
export interface CostCase {
  /** In a few words: `a request within the limit`. */
  readonly name: string;
  readonly exchange: HostExchange;
  /** How often it is made on a new host; the last one counts. Default 2, so that what is asked for once is not in it. */
  readonly times?: number;
}

/** What `cost.ts` of a policy's folder says: how the built module is measured. */
export interface CostSetting {
  readonly cases: readonly CostCase[];
  readonly options?: HostOptions;
  /** What clusters answer to callouts. */
  readonly clusters?: Readonly<Record<string, FetchAnswer>>;
}

/** What a module costs. */
export interface PolicyCost {
  /** Of the module. */
  readonly bytes: number;
  readonly cases: readonly {
    readonly name: string;
    /** Calls of host functions, from the first callback of the exchange to the last. */
    readonly calls: Readonly<Record<string, number>>;
  }[];
}

/** Measure a module in the host. */
export function policyCost(bytes: Uint8Array, { cases, options, clusters = {} }: CostSetting): PolicyCost {
  return {
    bytes: bytes.length,
    cases: cases.map(({ name, exchange, times = 2 }) => {
      const host = createHost(bytes, options);
      for (const [cluster, answer] of Object.entries(clusters)) host.onFetch(cluster, () => answer);
      for (let i = 1; i < times; i++) host.exchange(exchange);
      const { callCounts } = host.exchange(exchange);
      if (host.failure !== null) throw new Error(`${name}: ${host.failure}`);
      return { name, calls: callCounts };
    }),
  };
}

const marks = { start: "<!-- cost:start -->", end: "<!-- cost:end -->" } as const;

/** A README with these figures between its marks; as it is when it has no marks. */
export function withCost(readme: string, cost: PolicyCost): string {
  const start = readme.indexOf(marks.start);
  const end = readme.indexOf(marks.end);
  if (start < 0 || end < start) return readme;
  return `${readme.slice(0, start + marks.start.length)}\n\n${costText(cost)}\n${readme.slice(end)}`;
}

function costText({ bytes, cases }: PolicyCost): string {
  const rows = cases.map(({ name, calls }) => [name, String(sum(calls)), listed(calls)]);
  const head = ["request", "host calls", "which"];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |\n`;
  return `The module has ${thousands(bytes)} bytes.

![Host calls of each request](cost.svg)

${line(head)}${rule}${rows.map(line).join("")}`;
}

function listed(calls: Readonly<Record<string, number>>): string {
  const names = Object.entries(calls).map(([name, times]) => `\`${name}\`${times > 1 ? ` × ${times}` : ""}`);
  return names.length === 0 ? "none" : names.join(", ");
}

// Colours that are told apart on white and on black, by those with any sight.
const colours = {
  read: "#3b82c4",
  write: "#d9822b",
  shared: "#7b61a8",
  answer: "#c0453b",
  other: "#6f7d86",
} as const;

function kindOf(call: string): keyof typeof colours {
  if (/shared_data|queue/.test(call)) return "shared";
  if (/local_response|http_call|grpc/.test(call)) return "answer";
  if (/(add|replace|remove|set|define|increment|record)_/.test(call)) return "write";
  return /get_/.test(call) ? "read" : "other";
}

const words = {
  read: "reads",
  write: "writes",
  shared: "shared data",
  answer: "answers and callouts",
  other: "other",
} as const;

/** A bar for each request, with a block for each host call. */
export function costPicture({ bytes, cases }: PolicyCost): string {
  const rowHeight = 26;
  const left = 12;
  const bars = 290;
  const most = Math.max(1, ...cases.map(({ calls }) => sum(calls)));
  const block = Math.min(36, Math.floor(340 / most));
  const used = new Set(cases.flatMap(({ calls }) => Object.keys(calls).map(kindOf)));
  const height = 44 + cases.length * rowHeight + 30;
  const rows = cases.map(({ name, calls }, row) => {
    const top = 44 + row * rowHeight;
    const blocks = Object.entries(calls)
      .flatMap(([call, times]) => Array.from({ length: times }, () => call))
      .map(
        (call, index) =>
          `  <rect x="${bars + index * block}" y="${top}" width="${block - 2}" height="16" rx="2" fill="${colours[kindOf(call)]}"><title>${call}</title></rect>\n`,
      );
    const end = bars + sum(calls) * block + (sum(calls) === 0 ? 0 : 6);
    return `  <text x="${left}" y="${top + 13}">${escaped(name)}</text>\n${blocks.join("")}  <text x="${end}" y="${top + 13}">${sum(calls)}</text>\n`;
  });
  let at = left;
  const legend = (Object.keys(colours) as readonly (keyof typeof colours)[])
    .filter((kind) => used.has(kind))
    .map((kind) => {
      const text = `  <rect x="${at}" y="${height - 22}" width="10" height="10" rx="2" fill="${colours[kind]}"/><text class="quiet" x="${at + 16}" y="${height - 13}">${words[kind]}</text>\n`;
      at += 36 + words[kind].length * 7;
      return text;
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 ${height}" width="680" height="${height}" role="img" aria-label="Host calls of each request">
  <style>
    text { font: 13px system-ui, sans-serif; fill: #1f2930; }
    .quiet { font-size: 12px; fill: #5b6770; }
    @media (prefers-color-scheme: dark) { text { fill: #e4e9ec; } .quiet { fill: #a3afb7; } }
  </style>
  <text x="${left}" y="24">${thousands(bytes)} bytes</text>
  <text class="quiet" x="${bars}" y="24">host calls of a request and its response</text>
${rows.join("")}${legend.join("")}</svg>
`;
}

function sum(calls: Readonly<Record<string, number>>): number {
  return Object.values(calls).reduce((total, times) => total + times, 0);
}

function thousands(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
