import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { filterEntry } from "../../filters/proxy-wasm-as/build/filter-entry.ts";
import { readFilterModule } from "../../filters/proxy-wasm-as/build/read-filter-module.ts";
import { createHost, type Host } from "../../filters/proxy-wasm-as/testing/index.ts";
import { type BenchCase, medianMs } from "./case.ts";

const filter = `import { Request } from "proxy-wasm-as";
class Entry { constructor(public user: string, public roles: string[]) {} }
const cache = new Map<string, Entry>();
export function onRequest(request: Request): void {
  const size = request.headers.get("x-fill");
  if (size === null) return;
  for (let n = 0; n < i32(parseInt(size)); n++) cache.set(n.toString(), new Entry("user " + n.toString(), ["a", "b"]));
}`;

/** What a filter pays for each request because it keeps objects, between which are others that have to go. */
export const keptObjectsCases: readonly BenchCase[] = [
  { name: "request/10000-kept-objects", limit: 25, unit: "us", measure: addedUs },
];

async function addedUs(): Promise<number> {
  const { bytes, stderr } = await assemble({
    entry: filterEntry(readFilterModule(filter)),
    files: { "filter.ts": filter },
    runtime: "minimal",
  });
  if (bytes === undefined) throw new Error(stderr);
  const [none, many] = [hostWith(bytes, 0), hostWith(bytes, 10_000)];
  const rounds = 2_000;
  const us = async (host: Host): Promise<number> =>
    ((await medianMs(9, () => {
      for (let n = 0; n < rounds; n++) host.request({ headers: [["x-other", "1"]] });
    })) /
      rounds) *
    1000;
  await us(none);
  const [empty, full] = [await us(none), await us(many)];
  return full - empty;
}

function hostWith(bytes: Uint8Array, objects: number): Host {
  const host = createHost(bytes);
  host.request({ headers: [["x-fill", `${objects}`]] });
  if (host.failure !== null) throw new Error(host.failure);
  return host;
}
