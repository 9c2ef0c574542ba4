import type { Verdict } from "../doctor/examination.ts";
import { aligned } from "./aligned.ts";
import type { DoctorReport } from "./doctor.ts";

const [red, green, yellow, plain] = ["\u001b[31m", "\u001b[32m", "\u001b[33m", "\u001b[0m"] as const;

/** A line for each service that has to hand on states, and one for all. */
export function doctorLines(
  { stateHeader, services, unneeded }: DoctorReport,
  { color }: { readonly color: boolean },
): readonly string[] {
  const rows = aligned(services.map(({ service, verdict }) => [service, verdictText(verdict, stateHeader)]));
  const lines = rows.map((row, index) => {
    const kind = services[index]?.verdict.kind;
    return color ? `${kind === "forwards" ? green : kind === "drops" ? red : yellow}${row}${plain}` : row;
  });
  return [
    ...lines,
    ...unneeded.map(
      (name) => `${name} has nothing to hand on: no policy asks by which path requests through it have come`,
    ),
    ...(services.length === 0 && unneeded.length === 0
      ? ["no service has anything to hand on: no policy asks by which path requests have come"]
      : []),
    ...lastLine(services, stateHeader),
  ];
}

function verdictText(verdict: Verdict, stateHeader: string): string {
  switch (verdict.kind) {
    case "forwards":
      return `forwards ${stateHeader}`;
    case "drops":
      return `forwards only ${verdict.headers.join(", ")}${verdict.to.length === 0 ? "" : ` to ${verdict.to.join(", ")}`}`;
    case "silent":
      return `forwards nothing, or has called nobody (it answered ${verdict.status}): --request 'METHOD PATH' asks it for something else`;
    case "behind":
      return `not known, since what it sends is seen behind ${verdict.services.join(", ")} alone`;
    case "unasked":
      return `cannot be asked: ${verdict.why}`;
    case "unseen":
      return "not known, since no proxy behind it looks";
    default:
      return verdict satisfies never;
  }
}

function lastLine(services: DoctorReport["services"], stateHeader: string): readonly string[] {
  const of = (kind: Verdict["kind"]): readonly string[] =>
    services.flatMap(({ service, verdict }) => (verdict.kind === kind ? [service] : []));
  const [fine, faulty] = [of("forwards"), of("drops")];
  if (services.length === 0) return [];
  if (fine.length === services.length)
    return [
      services.length === 1 ? `it hands on \`${stateHeader}\`` : `all of them hand on \`${stateHeader}\``,
    ];
  if (faulty.length === 0)
    return [`${services.length - fine.length} of ${services.length} may not hand on \`${stateHeader}\``];
  return [`\`${stateHeader}\` is not handed on by ${faulty.join(", ")}`];
}
