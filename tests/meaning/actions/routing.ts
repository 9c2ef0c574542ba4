import { type Action, bytesAt, floatAt, type Invocation, intAt, mayAct } from "../action.ts";
import { type Decision, placeOf } from "../chance.ts";
import { splitPath } from "./access.ts";
import { replaceHeader, valuesOf } from "./headers.ts";

const routeToVersion: Action = (call) => {
  if (!isFor(call)) return;
  if (mayAct(call)) replaceHeader(call, "x-wire-version", bytesAt(call, 1));
};

const splitByWeight: Action = (call) => {
  if (!isFor(call)) return;
  const [first, second] = [weight(intAt(call, 2)), weight(intAt(call, 4))];
  // Two weights of nothing say nothing.
  if (first + second === 0n) return;
  if (!mayAct(call)) return;
  const place = placeOf(call.run, "s");
  const all = Number(first) + Number(second);
  const goesFirst =
    first > 0n &&
    (second === 0n || (place === undefined ? call.run.travel.choose() : place * all < Number(first)));
  replaceHeader(call, "x-wire-version", bytesAt(call, goesFirst ? 1 : 3));
};

const mirror: Action = (call) => {
  if (!isFor(call) || !happens(call, "m", floatAt(call, 2))) return;
  if (mayAct(call)) replaceHeader(call, "x-wire-mirror", bytesAt(call, 1));
};

const rewritePath: Action = (call) => {
  const [, query] = splitPath(valuesOf(call.run, ":path")[0] ?? "");
  const wanted = bytesAt(call, 0);
  // What cannot stand in a path is encoded, so that it is one and the query stays the query.
  const encoded = wanted.replace(
    /[^!-~]|[?#]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  const path = encoded.startsWith("/") ? encoded : `/${encoded}`;
  if (mayAct(call)) replaceHeader(call, ":path", query === undefined ? path : `${path}?${query}`);
};

const rewriteHost: Action = (call) => {
  const host = bytesAt(call, 0);
  // What is no host would make the request an illegal one.
  if (/^[\w.~!$&'()*+,;=:[\]%-]+$/.test(host) && mayAct(call)) replaceHeader(call, "x-wire-host", host);
};

/** Where a request goes. Envoy does it, by control headers (see `controlplane/xds`). */
export const routing: Readonly<Record<string, Action>> = {
  RouteToVersion: routeToVersion,
  SplitByWeight: splitByWeight,
  Mirror: mirror,
  RewritePath: rewritePath,
  RewriteHost: rewriteHost,
  SetHashKey: (call) => {
    if (mayAct(call)) replaceHeader(call, "x-wire-hash", bytesAt(call, 0));
  },
};

/** Whether something of this percentage happens this time. */
export function happens({ run }: Invocation, decision: Decision, percent: number): boolean {
  if (percent >= 100) return true;
  if (!(percent > 0)) return false;
  const place = placeOf(run, decision);
  return place === undefined ? run.travel.choose() : place * 100 < percent;
}

/** "when it is a request to that service" */
function isFor(call: Invocation): boolean {
  return bytesAt(call, 0) === call.run.travel.exchange.callee;
}

function weight(value: bigint): bigint {
  return value > 0n ? value : 0n;
}
