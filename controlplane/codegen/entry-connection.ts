/** What a module for TCP connections runs. */
export interface ConnectionEntries {
  /** Statements for each new connection: the policies in order. */
  readonly run: string;
  /** The functions that give the names of `CountBytes`: that of `countBytes(0)`, of `countBytes(1)`, and so on. */
  readonly counted: readonly string[];
  /** The memory that the records of connections stand in, and the bytes of each. */
  readonly records: string;
  readonly recordSize: number;
}

/** What such a module has instead of the callbacks for requests. */
export interface ConnectionEntry {
  readonly callbacks: string;
  /** Statements for when a configuration has been looked at: it is `accepted`, or not. */
  readonly configured: readonly string[];
  /** Statements for when the connection `context` is over. */
  readonly deleted: readonly string[];
}

/** Says what is called of the runtime, by its file and name, and gives the name. */
type Use = (file: string, name: string) => string;

/** The callbacks of a module for TCP connections. Those for data are there where bytes are counted. */
export function entryConnection(entries: ConnectionEntries, use: Use): ConnectionEntry {
  const { run, counted, records, recordSize } = entries;
  const our = (name: string): string => use("actions/connection", name);
  const sites = (line: (name: string, site: number) => string): string => counted.map(line).join("");
  const counters = sites((_, site) => `let received${site}: u32 = 0;\nlet sent${site}: u32 = 0;\n`);
  const data = (side: "downstream" | "upstream", counter: "received" | "sent"): string =>
    counted.length === 0
      ? ""
      : `export function proxy_on_${side}_data(context: u32, size: u32, _end: u32): u32 {
  const counted = ${our("countedAt")}(context);
${sites((_, site) => `  ${our("addBytes")}(counted, ${site}, ${counter}${site}, size);\n`)}  return 0;
}

`;
  return {
    callbacks: `${counters}${counters === "" ? "" : "\n"}export function proxy_on_new_connection(context: u32): u32 {
  ${our("connecting")}(context);
${run}  return ${our("established")}();
}

${data("downstream", "received")}${data("upstream", "sent")}`,
    configured: [
      `${our("keep")}(${records}, ${recordSize})`,
      ...counted.flatMap((name, site) => [
        `received${site} = ${our("byteCounter")}(${name}(), true)`,
        `sent${site} = ${our("byteCounter")}(${name}(), false)`,
      ]),
      `if (accepted) ${our("closeUnadmitted")}(root)`,
    ],
    deleted: [`${our("forget")}(context)`],
  };
}
