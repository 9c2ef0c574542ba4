import fc from "fast-check";
import { askBound, type Bound, bound, joinBound, stampBound } from "../controlplane/analysis/bound.ts";
import type { Slot } from "../controlplane/codegen/module.ts";
import type { Build } from "../controlplane/pipeline/build.ts";
import { createHost, type HostExchange } from "../filters/proxy-wasm-as/testing/index.ts";

/** What a slot took for the dearest of some requests, and what its policies may take. */
export interface Measured {
  readonly slot: string;
  readonly calls: number;
  readonly pages: number;
  readonly allowed: { readonly calls: number; readonly pages: number };
}

const pageBytes = 65_536;

/** Random requests, and answers to them, through every slot that Copper runs in. */
export function measure(build: Build, options: { readonly runs: number }): readonly Measured[] {
  return build.chains
    .flatMap(({ slots }) => slots)
    .flatMap((slot) => {
      const policies = build.policies.filter(({ name }) => slot.module.policies.includes(name));
      const own = policies.map(bound).filter((found): found is Bound => found !== undefined);
      if (own.length < policies.length) return [];
      const isAsking = slot.configuration.includes("@when\t");
      const stamping = [stampBound, ...(slot.configuration.includes("@forwards\t") ? [joinBound] : [])];
      const bounds =
        policies.length === 0 ? stamping : [...own, ...(isAsking ? own.map(() => askBound) : [])];
      const text = policies.map(({ source }) => source.text).join("\n");
      return [measureSlot(slot, bounds, { text, runs: options.runs })];
    });
}

function measureSlot(
  { module, configuration, name }: Slot,
  bounds: readonly Bound[],
  { text, runs }: { readonly text: string; readonly runs: number },
): Measured {
  const host = createHost(module.bytes, { configuration, allowOnHeadersStopIteration: true });
  const pagesBefore = host.memoryPages;
  let calls = 0;
  for (const exchange of fc.sample(exchanges(text, configuration), { numRuns: runs, seed: 7 })) {
    host.advance(700_000_000n);
    calls = Math.max(calls, host.exchange(exchange).calls.length);
  }
  const bytes = bounds.reduce((sum, each) => sum + each.bytes, 0);
  return {
    slot: name,
    calls,
    pages: host.memoryPages,
    allowed: {
      calls: bounds.reduce((sum, each) => sum + each.hostCalls, 0),
      pages: pagesBefore + Math.ceil(bytes / pageBytes),
    },
  };
}

/** Requests that have to do with a policy: its texts are their headers' names and values, and the peers are those that it is told. */
function exchanges(text: string, configuration: string): fc.Arbitrary<HostExchange> {
  const words = [...text.matchAll(/"([^"\n]+)"|'([^'\n]+)'/g)].map(([, a, b]) => a ?? b ?? "");
  const names = words
    .filter((word) => /^[A-Za-z][A-Za-z0-9-]*$/.test(word))
    .map((word) => word.toLowerCase());
  const addresses = [...configuration.matchAll(/\d+\.\d+\.\d+\.\d+/g)].map(([address]) => `${address}:4000`);
  const peers = [...configuration.matchAll(/^[^@\t\n]+\toutbound\t([^\t\n]*)/gm)].flatMap(([, list = ""]) =>
    list.split(","),
  );
  const states = [...configuration.matchAll(/^@stamp\t(\w+)/gm)].flatMap(([, revision]) => [
    `wire=${revision}.1`,
    `a=1,wire=${revision}.2,b=2`,
  ]);
  const services = [...words, ...peers].filter((word) => /^[a-z0-9-]+$/.test(word));
  const value = fc.oneof(
    fc.constantFrom("", "1", "true", "a=1, wire-deadline=99999999999999", ...states, ...words),
    fc.integer({ min: 100, max: 45_000 }).map((size) => "x,".repeat(size / 2)),
  );
  const headers = fc
    .array(
      fc.tuple(fc.constantFrom("x-request-id", "baggage", "grpc-status", "tracestate", ...names), value),
      {
        maxLength: 12,
      },
    )
    .map((list) => {
      let left = 50_000;
      return list.filter(([, each]) => {
        left -= each.length;
        return left > 0;
      });
    });
  const body = fc.constantFrom("", '{"user":{"name":"\\u0061\\n"}}', ...words, "x".repeat(9000), '{"\\n":1}');
  return fc
    .record({
      headers,
      path: fc.constantFrom("/", "/a?q=%41&b=1", ...words.filter((word) => word.startsWith("/"))),
      method: fc.constantFrom("GET", "POST"),
      body,
      address: fc.constantFrom("203.0.113.7:1", ...addresses),
      route: fc.constantFrom("nowhere", ...services),
      status: fc.constantFrom(200, 404, 500, 503),
      answered: headers,
      answer: body,
    })
    .map((made) => ({
      headers: [
        [":method", made.method],
        [":path", made.path],
        [":authority", "b"],
        ...made.headers,
      ] as const,
      body: made.body,
      properties: { "source.address": made.address, "xds.route_name": made.route },
      response: { status: made.status, headers: made.answered, body: made.answer },
    }));
}
