import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import { callsIn, textOf } from "../language/statements-in.ts";
import { type Problem, unitsOf } from "./problem.ts";
import { sectionsOf } from "./section.ts";

/** What is enforced nowhere though somebody wrote it, and routes that no request can take. */
export function warn(model: Problem): readonly Diagnostic[] {
  const outside = new Set(model.outsideOnly.map(({ policy }) => policy));
  return [
    ...model.unmatched
      .filter((policy) => !outside.has(policy) && sectionsOf(policy).length > 0)
      .map((policy) => matchesNothing(policy, model)),
    ...[...outside].map((policy) => onlyOutside(policy, model.unmatched.includes(policy))),
    ...deadRoutes(model),
  ];
}

function matchesNothing(policy: Policy, { overruled }: Problem): Diagnostic {
  const decided = overruled.get(policy);
  if (decided !== undefined) {
    const { by, call, version } = decided;
    return {
      code: "PLC0201",
      severity: "warning",
      message: `\`${policy.name}\` is enforced nowhere: \`${by.name}\`, which comes before it, sends all requests of \`${call.from} -> ${call.to}\` to \`${call.to}@${version}\``,
      help: `write the context for that version, or change the route of \`${by.name}\``,
      label: "no request goes to such a version",
      source: policy.source,
      span: policy.contextSpan,
    };
  }
  return {
    code: "PLC0201",
    severity: "warning",
    message: `\`${policy.name}\` matches no call of the mesh, so it is enforced nowhere`,
    help: "compare its context with the `calls` of the mesh file",
    label: "no request takes such a path",
    source: policy.source,
    span: policy.contextSpan,
  };
}

function onlyOutside(policy: Policy, nowhere: boolean): Diagnostic {
  return {
    code: nowhere ? "PLC0201" : "PLC0202",
    severity: "warning",
    message: `${nowhere ? `\`${policy.name}\`` : `what \`${policy.name}\` says for egress`} is enforced nowhere: it matches only requests from outside, which have no caller's proxy`,
    help: "write the context of a call between services, or enforce it at ingress",
    source: policy.source,
    span: policy.contextSpan,
  };
}

/** Actions that lead requests to one service elsewhere. */
const routes: ReadonlySet<string> = new Set(["RouteToVersion", "SplitByWeight"]);

function deadRoutes(model: Problem): readonly Diagnostic[] {
  const routing = new Set(
    model.demands.filter(({ policy }) => policy.actions.some((action) => routes.has(action))),
  );
  if (routing.size === 0) return [];
  const units = [...unitsOf(model)].filter(({ demand }) => routing.has(demand));
  const bySection = Map.groupBy(units, ({ demand }) => demand.section);
  const headed = new Map([...routing].map(({ policy, section }) => [section, policy]));
  return [...headed].flatMap(([section, policy]) => {
    const callees = new Set(bySection.get(section)?.map(({ call }) => call.to));
    return callsIn(section.body).flatMap((call): readonly Diagnostic[] =>
      !routes.has(call.action) || callees.has(textOf(call, 0))
        ? []
        : [
            {
              code: "PLC0203",
              severity: "warning",
              message: `this route is never taken: \`${policy.name}\` matches no call of \`${textOf(call, 0)}\``,
              help: `end the context with \`-> ${textOf(call, 0)}\``,
              source: policy.source,
              span: call.span,
            },
          ],
    );
  });
}
