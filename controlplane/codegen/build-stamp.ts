import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { smoke } from "../../filters/proxy-wasm-as/build/smoke.ts";
import { verifyModule } from "../../filters/proxy-wasm-as/build/verify-module.ts";
import { interfaceOf } from "./build-module.ts";
import type { ChainCache } from "./chain-cache.ts";
import { lifeCycle } from "./entry.ts";
import { createImports } from "./generate.ts";
import type { Module } from "./module.ts";

/** What a module that stamps does, and when. */
export interface StampOptions {
  readonly direction: "inbound" | "outbound";
  /** Paths begin with what the service makes by itself. */
  readonly isOrigin: boolean;
  /** An id is all that the service hands on: what goes out is joined to what has come in. */
  readonly joins: boolean;
}

/** The module that stamps requests, which is the same for all services that hand on the same. Its code is ours: where it does not compile or run, that is a fault of this program. */
export async function buildStamp(
  options: StampOptions,
  configuration: string,
  cache: ChainCache,
): Promise<{ readonly module: Module; readonly source: string }> {
  const source = textOf(options);
  const { bytes, stderr } = await cache.assembled.get(source, () => assemble({ entry: source }));
  assert(bytes !== undefined, `the module that stamps compiles: ${stderr}`);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const reasons = cache.verified.get(sha256, () => verifyModule(bytes));
  assert(reasons.length === 0, `the module that stamps may be shipped: ${reasons.join("; ")}`);
  const key = `${sha256} ${configuration}`;
  const smoked = await cache.tried.get(key, () => smoke(bytes, configuration));
  // A machine that is too busy may do better the next time.
  if (smoked.kind !== "tried") cache.tried.delete(key);
  else assert(smoked.reasons.length === 0, `the module that stamps runs: ${smoked.reasons.join("; ")}`);
  const { imports, exports } = interfaceOf(bytes, sha256, cache);
  // What is not stamped would be taken for what it was before: such a request must not go on.
  const module: Module = {
    sha256,
    bytes,
    policies: [],
    actions: [],
    tags: [],
    failure: "closed",
    imports,
    exports,
  };
  return { module, source };
}

function textOf(options: StampOptions): string {
  const { direction, isOrigin, joins } = options;
  const imports = createImports();
  const isOutbound = direction === "outbound";
  const call = joins
    ? isOutbound
      ? `${imports.use("join", "giveBack")}(context, ${isOrigin})`
      : `${imports.use("join", "stampAndNote")}(context)`
    : `${imports.use("stamp", "stamp")}(context, ${isOutbound}, ${isOrigin})`;
  const over = joins && (!isOutbound || isOrigin) ? [`${imports.use("join", "takeBack")}(context)`] : [];
  const life = lifeCycle({ names: "0", begun: [], over }, imports.use);
  return `// ${sentenceOf(options)}
import "proxy-wasm-as/assembly/abort";
${imports.lines()}

export function proxy_on_request_headers(context: u32, _headers: u32, _last: u32): u32 {
  return ${call};
}

${life}`;
}

function sentenceOf({ direction, isOrigin, joins }: StampOptions): string {
  if (direction === "inbound") {
    if (joins) return "Stamps requests as they come in, and notes their states by their ids.";
    return `Stamps requests as they come in${isOrigin ? ", none of which is the service's own" : ""}.`;
  }
  const given = "Gives requests the states of those that have led to them, by their ids";
  const stamped = "tamps requests that the service makes by itself";
  if (!joins) return `S${stamped}.`;
  return isOrigin ? `${given}, and s${stamped}.` : `${given}.`;
}
