import { type Action, bytesAt, intAt, mayAct } from "../action.ts";
import { type Bytes, utf8 } from "../bytes.ts";
import { closed } from "../exchange.ts";
import { Done } from "../run.ts";
import { valuesOf } from "./headers.ts";

const allow: Action = (call) => {
  const { exchange } = call.run.travel;
  const admits = (name: Bytes, service: string | null): boolean => name === "*" || name === service;
  if (admits(bytesAt(call, 0), exchange.caller) && admits(bytesAt(call, 1), exchange.callee))
    call.run.admits = true;
};

const deny: Action = (call) => {
  if (mayAct(call)) {
    // A connection is closed without an answer.
    call.run.travel.reply =
      call.values.length === 0 ? closed : { status: Number(intAt(call, 0)), body: bytesAt(call, 1) };
  }
  // Denied is the end of it for this policy, audited or not.
  throw new Done();
};

const getQuery: Action = (call) => {
  const [, query] = splitPath(call.run.travel.headers.find(([name]) => name === ":path")?.[1] ?? "");
  const wanted = bytesAt(call, 0);
  const pairs = (query ?? "").split("&").map((pair): readonly [Bytes, Bytes] => {
    const at = pair.indexOf("=");
    return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
  });
  const found = query === undefined ? undefined : pairs.find(([name]) => resolvePercent(name) === wanted);
  return found === undefined ? undefined : resolvePercent(found[1]);
};

const getClaim: Action = (call) => {
  const name = bytesAt(call, 0);
  let value: unknown = call.run.travel.exchange.claims;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return utf8(typeof value === "string" ? value : JSON.stringify(value));
};

/** Who calls what, and whether it may. */
export const access: Readonly<Record<string, Action>> = {
  Allow: allow,
  Deny: deny,
  GetCaller: ({ run }) => run.travel.exchange.caller ?? undefined,
  GetCallee: ({ run }) => run.travel.exchange.callee,
  GetMethod: ({ run }) => valuesOf(run, ":method")[0] ?? "",
  GetPath: ({ run }) => splitPath(valuesOf(run, ":path")[0] ?? "")[0],
  GetHost: ({ run }) => valuesOf(run, ":authority")[0] ?? "",
  GetQuery: getQuery,
  GetClaim: getClaim,
};

/** A path and its query, which is what stands behind the first `?`. */
export function splitPath(path: Bytes): readonly [path: Bytes, query: Bytes | undefined] {
  const at = path.indexOf("?");
  return at < 0 ? [path, undefined] : [path.slice(0, at), path.slice(at + 1)];
}

/** Resolve percent-encoding, and the `+` of forms; what is none stays as it is. */
function resolvePercent(text: Bytes): Bytes {
  return text
    .replaceAll("+", " ")
    .replace(/%[0-9a-fA-F]{2}/g, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}
