import { createChainCache } from "../../controlplane/codegen/build-chains.ts";
import type { Chain } from "../../controlplane/codegen/module.ts";
import type { CopperPolicy } from "../../controlplane/language/policy.ts";
import { type Build, build } from "../../controlplane/pipeline/build.ts";
import { withSwitches } from "../../controlplane/rollout/with-switches.ts";
import { describe } from "./compare.ts";
import { ofConnections } from "./coverage.ts";
import { changed, type PolicyDraft, tuned, type Values } from "./draft/policy.ts";
import type { RequestDraft } from "./draft/request.ts";
import type { Scenario } from "./draft/scenario.ts";
import { store } from "./draft/words.ts";
import { closed, type Exchange, type Memory, type Outcome } from "./exchange.ts";
import { fixedOn, inForceAt, isCopper, misplaced, type Place } from "./in-force.ts";
import {
  type InForce,
  type Interpreted,
  type InterpretOptions,
  interpret,
  type Passed,
} from "./interpret.ts";
import { type Connected, type Modules, type Running, startModules } from "./modules.ts";

/** Where compiled modules and the interpreter were not of one mind. */
export interface Difference {
  readonly place: string;
  /** Which of the requests, from 0; undefined when it needed none. */
  readonly request?: number;
  readonly expected: readonly string[];
  readonly found: readonly string[];
}

/** A scenario whose policies all compile: those that do not were left out. */
export interface BuiltScenario {
  readonly scenario: Scenario;
  readonly build: Build;
  readonly policies: readonly CopperPolicy[];
  /** Of each policy, the values of parameters that were changed when it had been compiled. */
  readonly values: ReadonlyMap<string, Values>;
  /** Codes of what was wrong with those left out. */
  readonly refused: readonly string[];
}

export interface RunReport {
  /** Policies that met a request, summed over requests. */
  readonly pairs: number;
  readonly difference?: Difference;
}

/**
 * Compile a scenario. Policies that an error is about are left out; undefined when none is left. It is a difference when what was
 * found to be right does not compile or does not run.
 */
export async function buildScenario(scenario: Scenario): Promise<BuiltScenario | Difference | undefined> {
  const refused: string[] = [];
  let { policies } = scenario;
  while (policies.length > 0) {
    const left = { ...scenario, policies };
    // Who is to blame for a mistake is easier to tell where each has a file of its own.
    const together =
      scenario.together && refused.length === 0 ? await buildTuned(left, fileOf(left)) : undefined;
    const {
      build: built,
      diagnostics,
      recompiled = [],
    } = together?.build === undefined ? await buildTuned(left, filesOf(left)) : together;
    if (recompiled.length > 0)
      return {
        place: "compiler",
        expected: [],
        found: recompiled.map((name) => `other parameters, other code: ${name}`),
      };
    if (built !== undefined)
      return {
        scenario: left,
        build: built,
        policies: built.policies.filter(isCopper),
        values: new Map(policies.map(({ name, changes }) => [name, tuned(changes)])),
        refused,
      };
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    const ours = errors.filter(({ code }) => code.startsWith("MOD01"));
    if (ours.length > 0)
      return {
        place: "compiler",
        expected: [],
        found: ours.map(({ code, message }) => `${code} ${message}`),
      };
    refused.push(...errors.map(({ code, message }) => `${code} ${message}`));
    const guilty = new Set(errors.map(({ source }) => source.path));
    const innocent = policies.filter(({ name }) => !guilty.has(`${name}.cup`));
    if (innocent.length === policies.length) throw new Error(`no policy is to blame: ${refused.join("; ")}`);
    policies = innocent;
  }
  return undefined;
}

type Write = (policy: PolicyDraft) => string;

type Built = Awaited<ReturnType<typeof build>>;
interface Tuned extends Built {
  /** Modules that other values of parameters have made others of. */
  readonly recompiled?: readonly string[];
}

/** Build as policies are written, and then, with the same code, with other values for their parameters. */
async function buildTuned(
  { policies, mesh }: Scenario,
  sources: (write: Write) => readonly { readonly path: string; readonly text: string }[],
): Promise<Tuned> {
  const cache = createChainCache();
  const made = (write: Write): Promise<Built> =>
    build({ policies: sources(write), mesh: { path: "mesh.yaml", text: mesh.yaml } }, { cache });
  const first = await made(({ text }) => text);
  const { build: plain } = first;
  if (plain === undefined || policies.every((policy) => changed(policy) === policy.text)) return first;
  const second = await made(changed);
  if (second.build === undefined) return second;
  const before = new Set(modulesOf(plain));
  return {
    ...first,
    // What the interpreter reads is how they were written at first.
    build: { ...plain, chains: second.build.chains },
    recompiled: modulesOf(second.build).filter((name) => !before.has(name)),
  };
}

function modulesOf({ chains }: Build): readonly string[] {
  return chains.flatMap(({ slots }) =>
    slots.map(({ module }) => `${module.policies.join("+")} ${module.sha256}`),
  );
}

function filesOf({ policies }: Scenario) {
  return (write: Write): readonly { readonly path: string; readonly text: string }[] =>
    policies.map((policy) => ({ path: `${policy.name}.cup`, text: write(policy) }));
}

function fileOf({ policies }: Scenario) {
  return (write: Write): readonly { readonly path: string; readonly text: string }[] => [
    { path: "all.cup", text: policies.map(write).join("---\n") },
  ];
}

/** Start of the virtual clock: 2023-11-14, which the deadlines of our requests are around. */
const start = 1_700_000_000_000_000_000n;

interface Line {
  readonly chain: Chain;
  readonly modules: Modules;
  memory: Memory;
  /** Requests under way, oldest first. */
  readonly open: Open[];
  /** Connections, oldest first. */
  readonly connections: { readonly meant: Passed; readonly ran: Connected }[];
}

interface Open {
  readonly index: number;
  readonly draft: RequestDraft;
  readonly meant: Interpreted;
  readonly ran: Running;
  readonly worker: number;
}

/** Send requests through the modules and through the interpreter, until they differ. */
export function runScenario(
  { scenario, build: built, policies, values }: BuiltScenario,
  requests: readonly RequestDraft[],
  tally?: (name: string) => void,
): RunReport {
  const { mesh } = scenario;
  let pairs = 0;
  let clock = start;
  const wrong = misplaced(policies, mesh, built.placement);
  if (wrong.length > 0) return { pairs, difference: { place: "placement", expected: [], found: wrong } };
  const lines = built.chains.map(
    (chain): Line => ({
      chain,
      modules: startModules(chain, built.mesh, start),
      memory: new Map(),
      open: [],
      connections: [],
    }),
  );

  const failed = (line: Line, index: number): Difference | undefined => {
    const { failure } = line.modules;
    return failure === null
      ? undefined
      : { place: placeName(line), request: index, expected: [], found: [`the module failed: ${failure}`] };
  };
  /** What is meant, of all that may be, which is what happened. */
  const meet = <T extends { readonly outcome: Outcome }>(
    line: Line,
    index: number,
    found: Outcome,
    { isCutOff, mean }: { readonly isCutOff: boolean; readonly mean: (options: InterpretOptions) => T },
  ): T | Difference => {
    // What has not come to its end has not gone on, or not all of it.
    const told = (outcome: Outcome): readonly string[] =>
      describe(isCutOff ? { ...outcome, headers: [] } : outcome);
    const meaning = (options: InterpretOptions): T => mean({ ...options, isCutOff });
    const [shown, all] = [told(found), possibilities(line.memory, meaning, tally)];
    const same = all.find(({ result }) => told(result.outcome).join("\n") === shown.join("\n"));
    if (same !== undefined) {
      line.memory = same.memory;
      return same.result;
    }
    const failure = failed(line, index);
    if (failure !== undefined) return failure;
    const [first] = all;
    return {
      place: placeName(line),
      request: index,
      expected: first === undefined ? [] : told(first.result.outcome),
      found: shown,
    };
  };
  const answer = (line: Line, { index, draft, meant, ran }: Open): Difference | undefined => {
    const isCutOff = draft.fate === "answerCutOff";
    const { answerArrives: arrives, response } = draft;
    const found = ran.respond({ ...response, arrives, isCutOff }, clock);
    const met = meet(line, index, found, {
      isCutOff,
      mean: (options) => meant.respond(response, clock, options),
    });
    if ("place" in met) return { ...met, place: `${met.place}, response` };
    ran.finish();
    for (const each of [meant, met]) each.finish(line.memory);
    return failed(line, index);
  };

  const connect = (
    line: Line,
    index: number,
    draft: RequestDraft,
    { inForce, exchange, sender }: { inForce: readonly InForce[]; exchange: Exchange; sender: string },
  ): Difference | undefined => {
    const ran = line.modules.connect({ ...exchange, sender });
    const met = meet(line, index, ran.outcome, {
      isCutOff: false,
      mean: (options) => connection(inForce, exchange, options),
    });
    if ("place" in met) return met;
    const [received, sent] = [draft.arrives.cuts, draft.answerArrives.cuts];
    const counts = ran.pass(received, sent);
    const isOpen = met.outcome.reply === undefined;
    const [expected, found] = [isOpen ? met.meter(sum(received), sum(sent)) : new Map(), counts].map((of) =>
      describe({ headers: [], logs: [], tags: new Map(), records: [], counts: of }),
    );
    if (expected?.join("\n") !== found?.join("\n"))
      return {
        place: `${placeName(line)}, bytes`,
        request: index,
        expected: expected ?? [],
        found: found ?? [],
      };
    line.connections.push({ meant: met, ran });
    const over = line.connections.length > draft.underWay ? line.connections.shift() : undefined;
    over?.ran.finish();
    over?.meant.finish(line.memory);
    return failed(line, index);
  };

  const from = Math.floor(requests.length / 3);
  const until = Math.floor((requests.length * 2) / 3);
  for (const [index, draft] of requests.entries()) {
    const off = index >= from && index < until ? scenario.off : [];
    if (scenario.off.length > 0 && (index === from || index === until))
      for (const [at, chain] of withSwitches(built, { off }).chains.entries())
        lines[at]?.modules.configure(chain);
    clock += BigInt(draft.passedMs) * 1_000_000n;
    const call = mesh.calls[draft.call % mesh.calls.length];
    if (call === undefined) continue;
    for (const line of lines) {
      const { direction, service, version } = line.chain;
      if ((direction === "inbound" ? call.to : call.from) !== service) continue;
      if (version !== undefined && version !== draft.version) continue;
      // No request comes to a version that none is sent to.
      const sentTo = fixedOn(call, policies, mesh)?.version ?? draft.version;
      if (direction === "inbound" && sentTo !== draft.version) continue;
      const isConnection = call.to === store;
      // Each store that is called has its own chain at the caller.
      if (direction === "outbound" && line.chain.callee !== (isConnection ? call.to : undefined)) continue;
      const place: Place = { call, version: draft.version, direction };
      // The others are where they are beside those that are off.
      const inForce = inForceAt(place, policies, mesh, built.placement)
        .filter(({ policy }) => !off.includes(policy.name))
        .map((each): InForce => ({ ...each, parameters: values.get(each.policy.name) ?? new Map() }));
      pairs += inForce.length;
      const worker = index % 2;
      const exchange: Exchange = {
        direction,
        caller: direction === "outbound" || mesh.identity === "address" ? call.from : null,
        callee: call.to,
        headers: draft.headers,
        ...(draft.body === undefined ? {} : { body: draft.body }),
        ...(draft.claims === undefined ? {} : { claims: draft.claims }),
        now: clock,
        worker,
      };
      if (isConnection) {
        const difference = connect(line, index, draft, { inForce, exchange, sender: call.from ?? "" });
        if (difference !== undefined) return { pairs, difference };
        continue;
      }
      const isCutOff = draft.fate === "requestCutOff";
      const ran = line.modules.run({ ...exchange, arrives: draft.arrives, isCutOff, sender: call.from });
      const met = meet(line, index, ran.outcome, {
        isCutOff,
        mean: (options) => interpret(inForce, exchange, options),
      });
      if ("place" in met) return { pairs, difference: met };
      const failure = failed(line, index);
      if (failure !== undefined) return { pairs, difference: failure };
      if (met.outcome.reply !== undefined || isCutOff || draft.fate === "unanswered") {
        ran.finish();
        met.finish(line.memory);
        continue;
      }
      line.open.push({ index, draft, meant: met, ran, worker });
      const due = line.open.length > draft.underWay ? line.open.shift() : undefined;
      const difference = due && answer(line, due);
      if (difference !== undefined) return { pairs, difference };
    }
  }
  for (const line of lines) {
    for (const open of line.open) {
      const difference = answer(line, open);
      if (difference !== undefined) return { pairs, difference };
    }
  }
  return { pairs };
}

function placeName({ chain }: Line): string {
  return `${chain.direction} of ${chain.service}${chain.version === undefined ? "" : `@${chain.version}`}`;
}

/** What policies mean for a connection: as for a request that says nothing, which is closed where that would be answered. */
function connection(inForce: readonly InForce[], exchange: Exchange, options: InterpretOptions): Passed {
  const { tally } = options;
  const counting =
    tally === undefined
      ? {}
      : {
          tally: (name: string): void => {
            tally(name);
            tally(ofConnections(name));
          },
        };
  const { outcome, ...rest } = interpret(inForce, { ...exchange, headers: [] }, { ...options, ...counting });
  return { ...rest, outcome: outcome.reply === undefined ? outcome : { ...outcome, reply: closed } };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

const possibilitiesMax = 256;

/** All that a run may come to, by what is left to chance. The memory is that after it. */
function possibilities<T>(
  memory: Memory,
  run: (options: InterpretOptions) => T,
  tally?: (name: string) => void,
): readonly { readonly result: T; readonly memory: Memory }[] {
  const found: { readonly result: T; readonly memory: Memory }[] = [];
  let script: boolean[] = [];
  do {
    const choices = [...script];
    let at = 0;
    const choose = (): boolean => {
      const choice = choices[at] ?? true;
      choices[at++] = choice;
      return choice;
    };
    const own = new Map(memory);
    // Each is counted once, however often it is tried.
    const counting = tally === undefined || found.length > 0 ? {} : { tally };
    found.push({ result: run({ memory: own, choose, ...counting }), memory: own });
    // The next one: the last choice that was yes becomes no.
    script = choices.slice(0, choices.lastIndexOf(true) + 1);
    if (script.length > 0) script[script.length - 1] = false;
  } while (script.length > 0 && found.length < possibilitiesMax);
  return found;
}
