import { type Bytes, shown } from "./bytes.ts";
import type { Header, Outcome } from "./exchange.ts";

/** Lines that tell what came out; equal outcomes read alike, and where they differ, so do these. */
export function describe({ headers, reply, logs, tags, counts, records }: Outcome): readonly string[] {
  // A reply goes to the caller: nobody sees what the request would have been.
  const seen =
    reply === undefined ? describeHeaders(headers) : [`reply ${reply.status} ${printable(reply.body)}`];
  return [
    ...seen,
    ...logs.map(({ level, message }) => `log ${level} ${JSON.stringify(shown(message))}`),
    ...[...tags].map(([name, value]) => `tag ${name} ${JSON.stringify(shown(value))}`).sort(),
    ...[...counts].map(([name, by]) => `counter ${name} +${Number(by)}`).sort(),
    ...records.map(([name, value]) => `histogram ${name} ${Number(BigInt.asUintN(64, value))}`).sort(),
  ];
}

/** By name, with all values in order: the order of different headers means nothing. */
function describeHeaders(headers: readonly Header[]): readonly string[] {
  const names = [...new Set(headers.map(([name]) => name))].sort();
  return names.map((name) => {
    const values = headers.filter(([key]) => key === name).map(([, value]) => printable(value));
    return `header ${name}: ${values.join(", ")}`;
  });
}

/** Bytes as a string in quotes, `\xff` for what is not printable ASCII; a long one is told by its end and length too. */
export function printable(bytes: Bytes): string {
  const text = bytes
    .replace(/[\\"]/g, "\\$&")
    .replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `"${text}"`;
}
