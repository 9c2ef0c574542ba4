import type { Reply } from "./connections.ts";
import { treeHeader } from "./forwarded-headers.ts";
import type { CallTree, Protocol } from "./service.ts";

/** A callee's own tree, or what a proxy on the way answered in its place. */
export function treeOf(to: string, protocol: Protocol, reply: Reply): CallTree {
  const { status, body } = reply;
  const [, told] = reply.headers.find(([name]) => name === treeHeader) ?? [];
  const own = told === undefined ? undefined : parsed(Buffer.from(told, "base64").toString());
  if (own !== undefined) return own;
  if (status < 200 || status > 299) return { service: to, status, body };
  if (protocol === "tcp") return { service: to, status };
  return parsed(body) ?? { service: to, status, body };
}

/** Undefined when no service wrote it: a policy may answer anything, JSON too. */
function parsed(body: string): CallTree | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isTree(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isTree(value: unknown): value is CallTree {
  if (typeof value !== "object" || value === null) return false;
  const { service, status, headers = {}, calls = [] }: { readonly [Key in keyof CallTree]?: unknown } = value;
  return (
    typeof service === "string" &&
    typeof status === "number" &&
    typeof headers === "object" &&
    Object.values(headers ?? {}).every((values) => Array.isArray(values)) &&
    Array.isArray(calls) &&
    calls.every(isTree)
  );
}
