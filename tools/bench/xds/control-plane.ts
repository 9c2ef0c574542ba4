// A control plane as `wire serve` has it, and 1,000 proxies in a process of their own, over real sockets. Tells its parent what a switch took.
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { build } from "../../../controlplane/pipeline/build.ts";
import { startRollouts } from "../../../controlplane/rollout/start-rollouts.ts";
import { type TypeUrl, typeUrl } from "../../../controlplane/xds/type-url.ts";
import { medianMs } from "../case.ts";

export interface ControlPlaneFigures {
  /** From the command to the last acknowledgement, and all workers having switched. */
  readonly switchMs: number;
  /** The longest that nothing else was done meanwhile. */
  readonly heldUpMs: number;
  /** Resident, for each proxy that is connected. */
  readonly proxyKib: number;
}

/** What the process of the proxies is told: whom to be, and what to ask for. */
export interface Proxies {
  readonly port: number;
  readonly nodes: readonly { readonly name: string; readonly names: Readonly<Record<string, string[]>> }[];
}

const names = Array.from({ length: 1_000 }, (_, n) => `s${n}`);
const mesh = {
  path: "mesh.yaml",
  text: `name: large
identity: none
services:
  frontend: { entry: true }
${names.map((name) => `  ${name}: {}`).join("\n")}
calls:
  frontend: [${names.join(", ")}]
`,
};
const text = ["mark", "other"]
  .map(
    (name) =>
      `policy ${name} ( act (Request r) context ('frontend -> *') ) { [Ingress] SetHeader(r, '${name}', 'yes'); }`,
  )
  .join("\n");

function residentKib(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
}

const { build: made, diagnostics } = await build({ policies: [{ path: "two.cup", text }], mesh });
if (made === undefined) throw new Error(JSON.stringify(diagnostics));
const rollouts = await startRollouts({
  server: { listen: { host: "127.0.0.1", port: 0 } },
  observe: () => {},
});
const { ads, revisions } = rollouts;
const before = residentKib();
const { turn } = revisions.apply(made, { policies: "", mesh: "" });
while (ads.snapshot("s0") === undefined) await new Promise((resolve) => setTimeout(resolve, 10));

const asked: readonly TypeUrl[] = [typeUrl.endpoints, typeUrl.extension, typeUrl.route];
const told: Proxies = {
  port: ads.port,
  nodes: names.map((name) => ({
    name,
    names: Object.fromEntries(
      asked.map((type) => [type, [...(ads.snapshot(name)?.get(type)?.keys() ?? [])]]),
    ),
  })),
};
const proxies = fork(join(import.meta.dirname, "proxies.ts"), { stdio: "inherit" });
proxies.send(told);
await turn;
const proxyKib = (residentKib() - before) / names.length;

const held = monitorEventLoopDelay({ resolution: 1 });
held.enable();
const switchMs = await medianMs(10, async (round) => {
  const { late } = await revisions.switchOff(round % 2 === 0 ? ["mark"] : []);
  if (late.length > 0) throw new Error(`${late.length} proxies have not taken it`);
});
const figures: ControlPlaneFigures = { switchMs, heldUpMs: held.max / 1e6, proxyKib };
process.send?.(figures, () => {
  proxies.kill();
  process.exit();
});
