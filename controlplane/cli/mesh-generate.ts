import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommanderError } from "commander";
import { generateAlibaba } from "../mesh/generate-alibaba.ts";
import { generateApplication } from "../mesh/generate-application.ts";
import { generatePolicies } from "../mesh/generate-policies.ts";
import { generateSeedFamily, type SeedFamilySize } from "../mesh/generate-seed-family.ts";
import type { Suite } from "../mesh/suite.ts";
import { toYaml } from "../mesh/to-yaml.ts";
import { makeFolder } from "../rollout/make-folder.ts";
import { counted } from "./counted.ts";
import type { ExitCode } from "./main.ts";
import { createOutput } from "./report.ts";
import { isMade, writing } from "./write-file.ts";

export interface MeshGenerateOptions {
  readonly family: "alibaba" | "application" | "seed";
  readonly seed: number;
  readonly services?: number;
  readonly calls?: number;
  readonly policies?: number;
  readonly sometimes?: number;
  readonly size?: SeedFamilySize;
  readonly density?: number;
  readonly free?: boolean;
  readonly commuting?: boolean;
  readonly wholeContexts?: boolean;
  readonly out: string;
  readonly json?: boolean;
}

/** What only some families take. */
const optionsOf: Readonly<Record<MeshGenerateOptions["family"], readonly (keyof MeshGenerateOptions)[]>> = {
  alibaba: ["services", "calls", "policies", "sometimes"],
  application: ["services", "policies", "sometimes"],
  seed: ["size", "density", "free", "commuting", "wholeContexts"],
};

/** `wire mesh generate`: writes a mesh file and policies beside it. What is there already stays as it is. */
export async function meshGenerate(_: readonly string[], options: MeshGenerateOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  refuseOthers(options);
  const { mesh, sources, pairs } = suiteOf(options);
  const files = [{ path: "mesh.yaml", text: toYaml(mesh) }, ...sources].map(({ path, text }) => ({
    path: join(options.out, path),
    text,
  }));
  await writing(options.out, () => makeFolder(options.out));
  for (const { path, text } of files) {
    if (await writing(path, () => isMade(writeFile(path, text, { flag: "wx" })))) continue;
    const message = `${path} exists already: choose another folder with --out`;
    if (output.json) output.print(JSON.stringify({ files: [], error: message }));
    output.progress(`wire: ${message}`);
    return 1;
  }
  const paths = files.map(({ path }) => path);
  const policies = sources.reduce((sum, { text }) => sum + (text.match(/^policy /gm) ?? []).length, 0);
  const counts = { services: mesh.services.size, calls: mesh.calls.length, policies };
  const notes = otherwise(options, counts);
  if (output.json) {
    output.print(
      JSON.stringify({
        files: paths,
        seed: options.seed,
        ...counts,
        ...(pairs === undefined ? {} : { pairs }),
        ...(notes.length === 0 ? {} : { notes }),
      }),
    );
  } else {
    for (const note of notes) output.progress(`note: ${note}`);
    const sizes = [
      counted(counts.services, "service"),
      counted(counts.calls, "call"),
      counted(policies, "policy", "policies"),
      ...(pairs === undefined ? [] : [`${counted(pairs, "pair")} of a policy and a call that it matches`]),
    ];
    output.print(`${paths.join("\n")}\n${sizes.join(", ")}`);
  }
  return 0;
}

/** Where there is not as much as was asked for. */
function otherwise(
  options: MeshGenerateOptions,
  made: { readonly calls: number; readonly policies: number },
): readonly string[] {
  const { calls, policies } = options;
  return [
    ...(calls === undefined || calls === made.calls
      ? []
      : [
          made.calls < calls
            ? `${there(made.calls, "call")} instead of ${calls}: these services can make no more`
            : `${there(made.calls, "call")} instead of ${calls}: each service is called, and calls another if it is no leaf`,
        ]),
    ...(policies === undefined || policies === made.policies
      ? []
      : [
          `${there(made.policies, "policy", "policies")} instead of ${policies}: no service calls another with requests`,
        ]),
  ];
}

function there(count: number, ...what: readonly [one: string, several?: string]): string {
  return `there ${count === 1 ? "is" : "are"} ${counted(count, ...what)}`;
}

function suiteOf(options: MeshGenerateOptions): Suite & { readonly pairs?: number } {
  const { family, seed, services, calls, policies, sometimes, density } = options;
  if (family === "seed") {
    return generateSeedFamily({
      seed,
      size: options.size ?? "small",
      ...(density === undefined ? {} : { density }),
      ...(options.free === true ? { pinned: "nothing" } : {}),
      ...(options.commuting === true ? { actions: "commuting" } : {}),
      ...(options.wholeContexts === true ? { contexts: "whole" } : {}),
    });
  }
  const size = services === undefined ? {} : { services };
  const mesh =
    family === "application"
      ? generateApplication({ seed, ...size })
      : generateAlibaba({ seed, ...size, ...(calls === undefined ? {} : { calls }) });
  // Where nothing calls anything, no context has a call.
  const count = mesh.calls.some(({ to }) => mesh.services.get(to)?.protocol !== "tcp") ? (policies ?? 0) : 0;
  if (count === 0) return { mesh, sources: [] };
  const { source, pairs } = generatePolicies(mesh, {
    seed,
    policies: count,
    ...(sometimes === undefined ? {} : { sometimes }),
  });
  return { mesh, sources: [source], pairs };
}

/** Ten and more times the largest meshes that anybody has published; what is beyond them ends with the memory. */
const mostOf = { services: 100_000, calls: 1_000_000, policies: 100_000 } as const;

function refuseOthers(options: MeshGenerateOptions): void {
  const all = new Set(Object.values(optionsOf).flat());
  for (const name of all) {
    if (options[name] === undefined || optionsOf[options.family].includes(name)) continue;
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw usage(`the family \`${options.family}\` does not take \`--${flag}\``);
  }
  if (options.services === 0) throw usage("a mesh has at least one service");
  for (const [name, most] of Object.entries(mostOf)) {
    const asked = options[name as keyof typeof mostOf] ?? 0;
    if (asked > most) throw usage(`\`--${name}\` is at most ${most.toLocaleString("en-US")}`);
  }
}

function usage(message: string): CommanderError {
  return new CommanderError(2, "wire.mesh", `error: ${message}`);
}
