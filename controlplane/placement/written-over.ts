import { footprint } from "../analysis/footprint.ts";
import type { Diagnostic } from "../language/diagnostic.ts";
import { phaseOf } from "../language/phase-of.ts";
import type { Policy } from "../language/policy.ts";
import type { IdHeader, Mesh } from "../mesh/mesh.ts";
import type { Problem } from "./problem.ts";

/** Policies that write over what proxies have written of the paths of requests, where services stamp: one message for each. */
export function diagnoseWrittenOver({ demands, mesh }: Problem): readonly Diagnostic[] {
  const carriers = carriersIn(mesh);
  const ids = [...mesh.services.values()].flatMap(({ forwards }) => idsOf(forwards));
  return [...new Set(demands.map(({ policy }) => policy))].flatMap((policy): readonly Diagnostic[] => {
    const names = writtenBy(policy);
    const [found] = [...carriers, ...ids].flatMap((header) =>
      names.filter((name) => isTakenFor(name, header)).map((own) => ({ own, header })),
    );
    if (found === undefined) return [];
    const { own, header } = found;
    const what = own === header ? `\`${header}\`` : `\`${own}\`, which some services take for \`${header}\``;
    return [
      {
        code: "PLC0110",
        severity: "error",
        message: `\`${policy.name}\` writes ${what}, by which proxies know the paths of requests`,
        help: ids.some((name) => name === header)
          ? "write another header: by this one the proxies of services that hand on nothing else know whose request is whose"
          : `write another header, or have the paths in one of their own: \`stateHeader: header:x-path\` in the mesh file`,
        source: policy.source,
        span: policy.span,
      },
    ];
  });
}

/** Where the id may come that is all that a service hands on: a b3 in either of its forms. */
function idsOf(forwards: IdHeader | undefined): readonly IdHeader[] {
  if (forwards === undefined) return [];
  return forwards === "b3" || forwards === "x-b3-traceid" ? ["b3", "x-b3-traceid"] : [forwards];
}

/** The headers without which a state does not arrive, in lower case. */
function carriersIn({ stateHeader }: Mesh): readonly string[] {
  // Libraries drop a `tracestate` that is alone, or beside an identity that they cannot read.
  if (stateHeader === "tracestate") return [stateHeader, "traceparent"];
  return [stateHeader.replace(/^header:/, "")];
}

/** The headers of requests that a policy writes, in lower case. */
function writtenBy(policy: Policy): readonly string[] {
  if (policy.mode === "audit") return [];
  if (policy.kind === "filter") return policy.written ?? [];
  if (phaseOf(policy) !== "request") return [];
  const places = [...(footprint(policy)?.writes ?? [])];
  return places.flatMap((place) => (place.startsWith("request:") ? [place.slice("request:".length)] : []));
}

/** Services behind CGI or WSGI know `x-path` and `x_path` by one name. */
function isTakenFor(name: string, other: string): boolean {
  return name.replaceAll("_", "-") === other.replaceAll("_", "-");
}
