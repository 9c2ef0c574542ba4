import type { Comparable } from "../../controlplane/eval/lines/comparables.ts";
import type { Mesh } from "../../controlplane/mesh/mesh.ts";
import type { Target } from "../../controlplane/xds/address-map.ts";
import { addressPlan } from "../../controlplane/xds/address-plan.ts";
import { connections } from "../../envoy/emulator/connections.ts";
import { callHeader } from "../../envoy/emulator/forwarded-headers.ts";
import type { CallTree } from "../../envoy/emulator/service.ts";
import { treeOf } from "../../envoy/emulator/tree-of.ts";

/** A mesh that can be asked, whoever runs its proxies. */
export interface Asked {
  readonly mesh: Mesh;
  outside(entry: string): Target | undefined;
  target(from: string, to: string): Target | undefined;
}

interface Request {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string[]>>;
  readonly body: readonly string[];
  readonly turns: number;
}

/** Of a policy that is compared. */
export type Looks = Pick<Comparable, "requests" | "shows" | "isOneOfVersions" | "isOfStatusAlone">;

/** A request that may go to any version is sent so often that each version should get one. */
const turnsUsual = 12;

/** What each request is answered, as text that is the same wherever the same was done: of every call that came of it who answered what, and which of these headers he got. */
export async function answers(asked: Asked, looks: Looks): Promise<string> {
  const told: string[] = [];
  for (const text of looks.requests) {
    const request = parsed(text);
    const lines = new Set<string>();
    for (let turn = 0; turn < request.turns; turn++)
      for (const line of await ask(asked, request, looks)) lines.add(line);
    const shown = looks.isOneOfVersions === true ? withoutNames(lines) : [...lines];
    told.push(text, ...shown.sort().map((line) => `  ${line}`));
  }
  return `${told.join("\n")}\n`;
}

function withoutNames(lines: ReadonlySet<string>): string[] {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const unnamed = line.replace(/@\w+/, "@one");
    counts.set(unnamed, (counts.get(unnamed) ?? 0) + 1);
  }
  return [...counts].map(([line, count]) => (count === 1 ? line : `${line} and ${count - 1} more`));
}

/** `FROM -> TO METHOD PATH name=value name="a value" :bytes=N *TURNS`, or `FROM -> TO TCP`. */
function parsed(text: string): Request {
  const [, from = "", to = "", method = "", path = "/", rest = ""] =
    /^(\S+) -> (\S+) (\w+)(?: (\S+)(.*))?$/.exec(text) ?? [];
  const headers: Record<string, string[]> = {};
  const body: string[] = [];
  for (const [, name = "", quoted, plain = ""] of rest.matchAll(/ ([^\s=]+)=(?:"([^"]*)"|(\S*))/g)) {
    const value = quoted ?? plain;
    if (name === ":bytes") body.push("x".repeat(Number(value)));
    else headers[name] = [...(headers[name] ?? []), value];
  }
  const [, said] = / \*(\d+)$/.exec(rest) ?? [];
  const turns = method === "TCP" ? 1 : Number(said ?? turnsUsual);
  return { from, to, method, path, headers, body, turns };
}

async function ask(asked: Asked, request: Request, looks: Looks): Promise<readonly string[]> {
  const { mesh } = asked;
  const { from, to, method, path, headers, body } = request;
  const addresses = addressPlan(mesh);
  const isConnection = method === "TCP";
  const target =
    from === "outside"
      ? asked.outside(to)
      : isConnection
        ? (asked.target(from, to) ?? asked.target(callerOf(mesh, to), to))
        : { via: "direct" as const, ...addresses.service(from) };
  const service = mesh.services.get(from === "outside" || isConnection ? to : from);
  if (target === undefined || service === undefined) throw new Error(`${from} cannot ask ${to}`);
  const local = isConnection ? addresses.service(from).address : "127.0.0.1";
  const client = connections(service.protocol, target, local);
  try {
    if (isConnection) {
      const isOpen = await client.send({ authority: to, path: "/", headers: {} }).then(
        () => true,
        () => false,
      );
      return [isOpen ? "open" : "closed"];
    }
    const named = from === "outside" ? headers : { ...headers, [callHeader]: [to] };
    const reply = await client.send({ authority: service.name, path, method, headers: named, body });
    const tree = treeOf(service.name, service.protocol, reply);
    if (from === "outside") return linesOf(tree, "", looks);
    const [call] = tree.calls ?? [];
    if (call === undefined) throw new Error(`${from} did not call ${to}`);
    return linesOf(call, from, looks);
  } finally {
    await client.retire();
  }
}

/** One who may call it: where nobody says where to find a store, another service that wants to reach it tries it there. */
function callerOf(mesh: Mesh, to: string): string {
  return mesh.calls.find((call) => call.to === to)?.from ?? "";
}

function linesOf(tree: CallTree, before: string, looks: Looks): readonly string[] {
  const { service, version, status, body, headers = {}, calls = [] } = tree;
  const path = before === "" ? service : `${before} ${service}`;
  const seen = looks.shows.flatMap((name) => (headers[name] ?? []).map((value) => `${name}: ${value}`));
  const who = version === undefined ? path : `${path}@${version}`;
  return [
    [
      who,
      status,
      ...seen,
      ...(body === undefined || looks.isOfStatusAlone === true ? [] : [body.trim()]),
    ].join(" "),
    ...calls.flatMap((each) => linesOf(each, path, looks)),
  ];
}
