import type { Diagnostic } from "../language/diagnostic.ts";
import type { Policy } from "../language/policy.ts";
import { bound } from "./bound.ts";

/** A module has 16 MiB (`--maximumMemory` of its build), which the policies in it share. */
const bytesMax = 8 * 1024 * 1024;

/** Policies that may take more memory than there is: a long header would make their module fail. */
export function checkBounds(policies: readonly Policy[]): readonly Diagnostic[] {
  return policies.flatMap((policy): readonly Diagnostic[] => {
    const { bytes } = bound(policy) ?? { bytes: 0 };
    if (bytes <= bytesMax) return [];
    const size = bytes < 2 ** 40 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : "more than a machine has";
    return [
      {
        code: "CUP0227",
        severity: "error",
        message: `\`${policy.name}\` may take ${size} of memory for one request, and there are ${bytesMax / 2 ** 20} MiB`,
        help: "join fewer texts with `+`, or declare smaller limits for bodies; `wire check --verbose` says what a policy takes",
        source: policy.source,
        span: policy.span,
      },
    ];
  });
}
