import type { Act } from "../language/policy.ts";

/** What a module runs: policies in order. */
export interface Entries {
  /** The name of the function that gives the names of the policies, each with a newline. */
  readonly names: string;
  readonly calls: readonly Entry[];
}

interface Entry {
  readonly act: Act;
  /** Whether it has an `Allow`. */
  readonly judges: boolean;
  readonly code: string;
}

type Use = (file: string, name: string) => string;

/** The callbacks of a module: only those that its policies need. */
export function entry({ names, calls }: Entries, use: Use): string {
  const indexed = calls.map((call, index) => ({ ...call, index }));
  const requests = indexed.filter(({ act }) => !isResponse(act));
  // Order is nesting: on the way back the last policy is the first (design §4).
  const responses = indexed.filter(({ act }) => isResponse(act)).reverse();
  const runs = (index: number): string => `${use("policy", "runs")}(${index})`;
  /** A request is judged once the last policy with an `Allow` for it is done: what comes later is for what was admitted. */
  const judged = (place: number): string => {
    const [here, before] = [requests[place], requests[place - 1]];
    if (here?.judges !== false || !requests.slice(0, place).some(({ judges }) => judges)) return "";
    const left = requests.slice(place).filter(({ judges }) => judges);
    // Said before the policy before this one.
    if (left.length === 0 && before?.judges === false) return "";
    const verdict = `${use("policy", "verdict")}();\n`;
    return left.length === 0
      ? `  ${verdict}`
      : `  if (!(${left.map(({ index }) => runs(index)).join(" || ")})) ${verdict}`;
  };
  const run = (list: typeof indexed): string =>
    list
      .map(({ code, index }, place) => {
        const before = list === requests ? judged(place) : "";
        return `${before}  if (${runs(index)}) ${code};\n`;
      })
      .join("");
  for (const name of ["configure", "created", "deleted"]) use("plugins", name);
  use("policy", "allocate");
  const onRequest =
    requests.length === 0
      ? ""
      : `export function proxy_on_request_headers(context: u32, _headers: u32, _end: u32): u32 {
  ${use("policy", "begin")}(context);
${run(requests)}  return ${use("policy", "end")}();
}

`;
  const onResponse =
    responses.length === 0
      ? ""
      : `export function proxy_on_response_headers(context: u32, _headers: u32, _end: u32): u32 {
  if (!${use("policy", "beginResponse")}(context)) return 0;
${run(responses)}  return ${use("policy", "endResponse")}();
}

`;
  return `${onRequest}${onResponse}export function proxy_on_configure(root: u32, size: u32): u32 {
  const accepted = configure(root, size, ${names}());
  __collect();
  return accepted;
}

export function proxy_on_context_create(context: u32, parent: u32): void {
  created(context, parent);
}

export function proxy_on_delete(context: u32): void {
  deleted(context);
}

export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

export function proxy_abi_version_0_2_1(): void {}
`;
}

function isResponse(act: Act): boolean {
  return act === "Response" || act === "RPCResponse";
}
