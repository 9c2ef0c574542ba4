import type { Finding } from "../analysis/conflicts.ts";
import { positionOf, renderDiagnostic } from "../language/render.ts";
import { requestText } from "./request-text.ts";

/** Whether the authors have to do something: `place` takes nothing that headings keep apart. The other kinds may be meant. */
export function isAtFault({ kind }: Finding): boolean {
  return kind === "contradiction" || kind === "allows-apart" || kind === "order-apart";
}

/** As a diagnostic, with the line of the first policy; the gravest are printed last, so that they are what stays on the screen. */
export function findingText(finding: Finding, color: boolean): string {
  const { kind, path, request, detail, places } = finding;
  const [first, ...others] = places;
  if (first === undefined) return `${kind}: ${detail}`;
  const like = request === undefined ? "" : requestText(request);
  const seen =
    path.length === 0
      ? []
      : [
          `${kind === "undecided" ? "on" : "seen on"} \`${path.join(" -> ")}\`${like === "" ? "" : `, ${like}`}`,
        ];
  const beside = others.length === 0 ? [] : [`the other place is ${placesText(others)}`];
  const help = [...seen, ...beside].join("; ");
  return renderDiagnostic(
    {
      code: kind,
      severity: isAtFault(finding) ? "error" : "warning",
      message: detail,
      source: first.policy.source,
      span: first.span,
      ...(help === "" ? {} : { help }),
    },
    { color },
  );
}

/** File and line of each place. */
export function placesText(places: Finding["places"]): string {
  return places
    .map(({ policy, span }) => `${policy.source.path}:${positionOf(policy.source, span.start).line}`)
    .join(", ");
}
