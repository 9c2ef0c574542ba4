import type { Input } from "../../controlplane/pipeline/build.ts";
import type { Sample } from "./samples.ts";

export type Heading = "egress" | "ingress" | undefined;

/** Two policies on one call, the first before the second in order, of which at least one goes where it is cheapest. */
export interface Pair {
  readonly samples: readonly [Sample, Sample];
  readonly headings: readonly [Heading, Heading];
}

/** The services that call `TO`: `web` is asked to, `other` may be allowed to. */
export const caller = "web";

/** Each sample before each, with either of the two where its heading says. */
export function pairsOf(samples: readonly Sample[]): readonly Pair[] {
  return samples.flatMap((first) =>
    samples
      .filter((second) => first !== second)
      .flatMap((second) =>
        [
          ...headingsOf(first).map((heading) => [heading, undefined] as const),
          ...headingsOf(second).map((heading) => [undefined, heading] as const),
        ]
          .filter((headings) => !isHeadless(first, headings[0]) && !isHeadless(second, headings[1]))
          .map((headings) => ({ samples: [first, second], headings }) as const),
      ),
  );
}

function headingsOf({ isAtCaller }: Sample): readonly Heading[] {
  return isAtCaller === true ? ["egress"] : ["egress", "ingress"];
}

function isHeadless({ isAtCaller }: Sample, heading: Heading): boolean {
  return isAtCaller === true && heading === undefined;
}

/** Which is which, in one line. */
export function pairText({ samples, headings }: Pair): string {
  return samples.map(({ name }, at) => [headings[at], name].filter(Boolean).join(" ")).join(" before ");
}

/** The names of the two policies on the call to a service: their order is that of the names. */
export function namesOf({ samples: [first, second] }: Pair, to: string): readonly [string, string] {
  return [`${to}-a-${first.name}`, `${to}-b-${second.name}`];
}

/** The policies of each pair on the calls to a service of its own, by the services' names. */
export function inputOf(pairs: ReadonlyMap<string, Pair>): Input {
  return {
    policies: [...pairs].flatMap(([to, pair]) => {
      const names = namesOf(pair, to);
      return pair.samples.map((sample, at) => sourceOf(sample, names[at] ?? "", to, pair.headings[at]));
    }),
    mesh: { path: "mesh.yaml", text: meshOf(pairs) },
  };
}

function sourceOf({ text }: Sample, name: string, to: string, heading: Heading): Input["policies"][number] {
  const filled = (words: string): string =>
    words.replaceAll("NAME", name.replaceAll("-", "_")).replaceAll("TO", to);
  if (text.kind === "filter") {
    const side = heading === undefined ? "" : `export const side = "${heading}";\n`;
    const head = `import { Flow, Request, Response } from "proxy-wasm-as";\nexport const context = "${caller} -> ${to}";\n`;
    return { path: `${name}.ts`, text: `${head}${side}${text.lists}\n${filled(text.code)}\n` };
  }
  const { act, body, clauses = "" } = text;
  const under = { egress: "[Egress] ", ingress: "[Ingress] " };
  const statements = `${heading === undefined ? "" : under[heading]}${filled(body)}`;
  return {
    path: `${name}.cup`,
    text: `policy ${name} ( act (${act} r) ${clauses} context ('${caller} -> ${to}') ) { ${statements} }\n`,
  };
}

function meshOf(pairs: ReadonlyMap<string, Pair>): string {
  const called = [...pairs.keys()].join(", ");
  return `name: sides
identity: address
jwt:
  providers:
    us: { issuer: "https://us.example", jwks: { keys: [{ kty: EC, crv: P-256, x: HCGDyBiI2HEBav4BGLmBKx7nTAvh6Do5IYNQhc58YBk, y: H_-gTjqyuXevNi1q0NbdZ5FNSnZQ6pYbP3dkHxi2v0c }] } }
services:
  ${caller}: { entry: true }
  other: { entry: true }
${[...pairs].map(([to, pair]) => `  ${to}: ${hasVersions(pair) ? "{ versions: { v1: {}, v2: {} } }" : "{}"}`).join("\n")}
calls:
  ${caller}: [${called}]
  other: [${called}]
`;
}

/** Where none is chosen, a request goes now to one and now to the other. */
function hasVersions({ samples }: Pair): boolean {
  return samples.some(({ text }) => text.kind === "copper" && text.body.includes("RouteToVersion"));
}
