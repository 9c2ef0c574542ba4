import { toText } from "./bytes.ts";
import { describe, printable } from "./compare.ts";
import { changed } from "./draft/policy.ts";
import type { Arrives, RequestDraft } from "./draft/request.ts";
import { store } from "./draft/words.ts";
import type { HuntReport } from "./hunt.ts";

/** The files of a golden case that shows a finding, by name. What `traffic.txt` cannot say stands in its comments. */
export function writeCase(finding: NonNullable<HuntReport["finding"]>): Readonly<Record<string, string>> {
  const { scenario, requests, difference, seed } = finding;
  const policies = scenario.policies
    .map((policy) => changed(policy).replace(/\n\s*(?=\n)/g, ""))
    .join("---\n");
  const comments = [
    `Found by \`npm run fuzz -- --seed ${seed}\`: ${difference.place}${difference.request === undefined ? "" : `, request ${difference.request + 1}`}.`,
    ...(scenario.off.length === 0
      ? []
      : [
          `Switched off for the second third of the requests, which a case cannot say: ${scenario.off.join(", ")}.`,
        ]),
    "What is meant:",
    ...difference.expected.map((line) => `  ${line}`),
    "What the modules do:",
    ...difference.found.map((line) => `  ${line}`),
  ];
  const lines = requests.flatMap((request) => {
    const call = scenario.mesh.calls[request.call % scenario.mesh.calls.length];
    if (call === undefined) return [];
    return [
      ...detailsOf(request).map((detail) => `# ${detail}`),
      `${call.from ?? "outside"} -> ${call.to}  ${call.to === store ? "TCP" : requestText(request)}  =>  ${call.to}`,
    ];
  });
  return {
    "policy.cup": policies,
    "mesh.yaml": scenario.mesh.yaml,
    "traffic.txt": [...comments.map((line) => `# ${line}`), ...lines, ""].join("\n"),
  };
}

function requestText({ headers }: RequestDraft): string {
  const of = (name: string): string => headers.find(([key]) => key === name)?.[1] ?? "";
  const rest = headers
    .filter(([name]) => !name.startsWith(":"))
    .map(([name, value]) => `${name}="${(toText(value) ?? printable(value)).replaceAll('"', "'")}"`);
  return [of(":method"), of(":path"), ...rest].join(" ");
}

function detailsOf(request: RequestDraft): readonly string[] {
  const { version, body, claims, response, passedMs, headers, arrives, answerArrives, fate } = request;
  const answer = { logs: [], tags: new Map(), counts: new Map(), records: [] };
  return [
    `after ${passedMs} ms, for version ${version} where there are some`,
    ...describe({ ...answer, headers }),
    ...(body === undefined ? [] : [`body ${printable(body)}`, ...arrivalOf(arrives)]),
    ...(claims === undefined ? [] : [`claims ${JSON.stringify(claims)}`]),
    `answered ${response.status}`,
    ...describe({ ...answer, headers: response.headers }),
    ...(response.body === undefined ? [] : [`body ${printable(response.body)}`, ...arrivalOf(answerArrives)]),
    ...(fate === "answered" ? [] : [fate]),
  ];
}

function arrivalOf({ cuts, trailers }: Arrives): readonly string[] {
  return [`cut at ${cuts.join(", ")}${trailers ? ", with trailers" : ""}`];
}
