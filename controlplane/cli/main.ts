#!/usr/bin/env node
import { existsSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { Argument, Command, CommanderError, Option } from "commander";
import { cacheDirectory } from "../../envoy/cache-directory.ts";
import { WireError } from "../error/wire-error.ts";
import { applicationNames } from "../eval/application-names.ts";
import { modes, scenarios } from "../eval/mode.ts";
import type { DiffOptions } from "./diff.ts";
import type { DoctorOptions } from "./doctor.ts";
import type { EvalAllOptions } from "./eval-all.ts";
import type { EvalPlotOptions } from "./eval-plot.ts";
import type { EvalRunOptions } from "./eval-run.ts";
import type { HistoryOptions } from "./history.ts";
import type { MeshGenerateOptions } from "./mesh-generate.ts";
import type { RatesOptions } from "./rates.ts";
import type { RollbackCommandOptions } from "./rollback.ts";
import type { StatusOptions } from "./status.ts";
import type { WaitOptions } from "./wait.ts";

/** 0 ok, 1 the input is at fault, 2 usage, 3 the world is. */
export type ExitCode = 0 | 1 | 2 | 3;

// Halves the time that a command takes to begin. Where nothing can be written, Node compiles as ever.
enableCompileCache(join(cacheDirectory(process.env), "compiled"));

const program = new Command("wire")
  .description("say what must happen to requests in context; only the proxies that need it get it")
  .showHelpAfterError("(`wire --help` lists the commands)")
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text) });

const json = (): Option =>
  new Option("--json", "print JSON for machines, and nothing else, to standard output");
const mesh = (): Option => new Option("--mesh <file>", "the mesh file (YAML or JSON)");
const params = (): Option =>
  new Option(
    "--params <file>",
    "values for the parameters of policies (YAML or JSON: `policy: { parameter: value }`)",
  ).argParser(parseParams);
const httpTokenFile = (what: string): Option => new Option("--http-token-file <file>", `a file with ${what}`);
const pathKey = (): Option =>
  new Option(
    "--path-key <file>",
    "a file with a secret (one line, as by `openssl rand -hex 32`) without which no service can invent where a request has come from; read again when it changes",
  );
const policies = "policy files, or folders of them";
const canary = (): Option =>
  new Option(
    "--canary <size>",
    "which proxies get a change first: how many (1), a share of them (10%), or those of services (rate,geo); the others when these are healthy",
  );
const waves = (): Option =>
  new Option(
    "--waves <sizes>",
    "how many proxies have a change after each wave, as 25%,50%; then all have it",
  );
const soak = (): Option =>
  new Option(
    "--soak <seconds>",
    "how long the proxies of a wave have to be healthy before the next one (default: 30)",
  );
const successRate = (): Option =>
  new Option(
    "--success-rate <percent>",
    "how many requests of a healthy proxy are answered by something else than 5xx (default: 99)",
  );
/** A day. */
const secondsMax = 86_400;

const loadInterval = (): Option =>
  new Option(
    "--load-interval <seconds>",
    "between two reports of how much a proxy sends where; 0 asks for none",
  )
    .argParser(parseSeconds)
    .default(10);

command("check")
  .description("parse and type-check policies, with their contexts where a mesh is given")
  .argument("<policies...>", policies)
  .addOption(params())
  .addOption(mesh())
  .addOption(json())
  .option("--verbose", "also print the most that each policy takes of a request")
  .addHelpText("after", "\nWhat lies behind each code, such as CUP0203, is in docs/diagnostics.md.")
  .action(run(async () => (await import("./check.ts")).check));

command("fmt")
  .description("lay out Copper and interfaces, each file in its place; comments and meaning stay")
  .argument("<files...>", "`.cup` and `.cui` files, or folders of them")
  .option("--check", "change nothing: list the files that are not laid out, and exit with 1 if there are any")
  .addOption(json())
  .action(run(async () => (await import("./fmt.ts")).fmt));

command("compile")
  .description("write the generated source, the Wasm modules and a manifest")
  .argument("<policies...>", policies)
  .addOption(params())
  .addOption(mesh().makeOptionMandatory())
  .requiredOption("--out <folder>", "where to write")
  .addOption(json())
  .action(run(async () => (await import("./compile.ts")).compile));

command("place")
  .description("choose the proxies: the cheapest set that enforces every policy")
  .argument("<policies...>", policies)
  .addOption(params())
  .addOption(mesh().makeOptionMandatory())
  .option("--time-limit <seconds>", "how long to look for something cheaper", parseSeconds, 60)
  .option(
    "--from <file>",
    "the last placement, as `--json` printed it: of the cheapest ones, the nearest to it is taken",
  )
  .addOption(
    new Option(
      "--what-if <change>",
      "print what would be otherwise with another file for a policy, `SERVICE.proxy=never` or `DATAPLANE.cost=3`; as often as there are changes",
    ).argParser((change: string, others: readonly string[] = []) => [...others, change]),
  )
  .addOption(json())
  .action(run(async () => (await import("./place.ts")).placeCommand));

command("explain")
  .description("say what forces each proxy and what would free it, and what each policy leads to")
  .argument("<policies...>", `${policies}; and names of services and policies to explain, all without any`)
  .addOption(params())
  .addOption(mesh().makeOptionMandatory())
  .option("--time-limit <seconds>", "how long to look for the answer to each question", parseSeconds, 10)
  .option(
    "--from <file>",
    "the last placement, as `wire place --json` printed it: of the cheapest ones, the nearest to it is explained",
  )
  .addOption(json())
  .addHelpText(
    "after",
    "\nA policy that routes all requests of a call to one version decides it for the policies after it: without it they may cost more, or have no place.",
  )
  .action(run(async () => (await import("./explain.ts")).explain));

command("conflicts")
  .description("show policies that contradict, shadow or depend on each other, and those that match nothing")
  .argument("<policies...>", policies)
  .addOption(params())
  .addOption(mesh().makeOptionMandatory())
  .addOption(json())
  .addHelpText(
    "after",
    "\nA contradiction that no priority decides makes the exit code 1, and so do `Allow`s that headings keep apart, which cannot be placed; the other findings may be meant.",
  )
  .action(run(async () => (await import("./conflicts.ts")).conflictsCommand));

command("serve")
  .description("run the control plane alone: xDS for Envoys and an HTTP API")
  .argument("<policies...>", policies)
  .addOption(params())
  .addOption(mesh().makeOptionMandatory())
  .addOption(new Option("--mesh-text <file>", "the mesh file as `wire up` has read it").hideHelp())
  .option("--xds-host <address>", "where the xDS server listens; off loopback with certificates", "127.0.0.1")
  .option("--xds-port <port>", "port of the xDS server; 0 takes a free one", parsePort, 18000)
  .option("--xds-cert <file>", "its certificate (PEM); this and the next two are read again when they change")
  .option("--xds-key <file>", "the key of its certificate (PEM)")
  .option("--xds-ca <file>", "who signs the certificates that proxies have to show (PEM)")
  .addOption(
    new Option(
      "--xds-identity <id>",
      "the SPIFFE id that a proxy's certificate must have, with `{node}` for its service; by default the server's own with another last part",
    ).argParser(parseIdentity),
  )
  .option(
    "--xds-plaintext",
    "plain text to others than this machine: only where the network is to be trusted",
  )
  .option("--http-host <address>", "where the HTTP API listens; off loopback it needs a token", "127.0.0.1")
  .option("--http-port <port>", "port of the HTTP API; 0 takes a free one", parsePort, 18001)
  .addOption(
    httpTokenFile(
      "what requests to the HTTP API have to bear as `Authorization: Bearer TOKEN`; read again when it changes",
    ),
  )
  .option("--follower <name...>", "followers of the address map that the first rollout waits for")
  .addOption(
    new Option(
      "--log <form>",
      "what happens, on standard error: lines for people, or a JSON object for each event",
    )
      .choices(["text", "json"])
      .default("text"),
  )
  .addOption(
    new Option(
      "--xds-operator <id...>",
      "SPIFFE ids that may ask for the status of all proxies (CSDS); without, each proxy for its own",
    ),
  )
  .addOption(loadInterval())
  .addOption(canary())
  .addOption(waves())
  .addOption(soak())
  .addOption(successRate())
  .option(
    "--proxy-admin <url>",
    "where the admin interface of each Envoy is, with `{node}` for its service, for staged changes; by default where `wire up` has it",
  )
  .option(
    "--stage-timeout <seconds>",
    "how long a change waits for the proxies that it concerns before it is taken back",
    parsePatience,
    30,
  )
  .option("--drain <seconds>", "how long letting go of the proxies takes at the end", parseSeconds, 0)
  .option("--state <file>", "where the state in force is kept, so that a restart re-sends nothing")
  .addOption(pathKey())
  .addOption(json())
  .action(run(async () => (await import("./serve.ts")).serve));

command("up")
  .description("run the whole mesh on this machine: control plane, Envoys where placed, emulated services")
  .argument("[policies...]", `${policies}; without any, the example policies`)
  .addOption(params())
  .addOption(mesh())
  .option("--load <rate>", "requests per second from outside into the entry services", parseRate, 0)
  .option(
    "--access-log <file>",
    "append the proxies' access logs, with the tags of policies, to a file; `-` prints them",
  )
  .option("--xds-port <port>", "port of the xDS server on 127.0.0.1; 0 takes a free one", parsePort, 18000)
  .option("--http-port <port>", "port of the HTTP API on 127.0.0.1; 0 takes a free one", parsePort, 18001)
  .addOption(pathKey())
  .addOption(loadInterval())
  .addOption(canary())
  .addOption(waves())
  .addOption(soak())
  .addOption(successRate())
  .addOption(json())
  .action(run(async () => (await import("./up.ts")).up));

const controlPlane = (named: Command): Command =>
  named
    .option("--http-host <address>", "where the control plane's HTTP API listens", "127.0.0.1")
    .option("--http-port <port>", "port of the control plane's HTTP API", parsePort, 18001)
    .addOption(new Option("--url <url>", "of the HTTP API, instead of host and port").argParser(parseUrl))
    .addOption(httpTokenFile("the control plane's token"));

controlPlane(command("status"))
  .description("show what each proxy of a running control plane was sent, has taken and refuses")
  .addOption(json())
  .action((options: StatusOptions) =>
    run<StatusOptions>(async () => (await import("./status.ts")).status)([], options),
  );

controlPlane(command("doctor"))
  .description("ask the services of a running mesh, one by one, whether they hand on what policies read")
  .argument("[services...]", "services to ask; all that have to hand on something, without any")
  .addOption(
    new Option("--request <request>", "what to ask of them, as `GET /cart`")
      .argParser(parseRequest)
      .default({ method: "GET", path: "/" }, "`GET /`"),
  )
  .option("--timeout <seconds>", "how long each has for its answer", parsePatience, 5)
  .addOption(json())
  .addHelpText(
    "after",
    "\nExits with 0 where all of them do, and with 1 where one does not, or nobody knows.",
  )
  .action((services: readonly string[], options: DoctorOptions) =>
    run<DoctorOptions>(async () => (await import("./doctor.ts")).doctor)(services, options),
  );

controlPlane(command("rates"))
  .description(
    "show how many requests a second each call has, as the proxies of a running control plane count",
  )
  .option("--write <mesh>", "write them into this mesh file, which stays as it is otherwise")
  .addOption(json())
  .action((options: RatesOptions) =>
    run<RatesOptions>(async () => (await import("./rates.ts")).rates)([], options),
  );

controlPlane(command("diff"))
  .description("hold what a proxy is to run against what its Envoy says that it runs")
  .argument("<node>", "a service with a proxy")
  .addOption(
    new Option(
      "--admin <url>",
      "of the Envoy's admin interface; by default where the control plane says that it is",
    ).argParser(parseUrl),
  )
  .addOption(json())
  .action((node: string, options: DiffOptions) =>
    run<DiffOptions>(async () => (await import("./diff.ts")).diff)([node], options),
  );

const revision = "the number of a revision, or `newest`";
const history = controlPlane(command("history"))
  .description(
    "list what has been in force in a running control plane: numbered revisions, and what became of each",
  )
  .addOption(json())
  .action((options: HistoryOptions) =>
    run<HistoryOptions>(async () => (await import("./history.ts")).history)([], options),
  );

controlPlane(command("show", history))
  .description("show one revision: its files, its placement and how far each proxy is with it")
  .argument("<revision>", revision, parseRevision)
  .addOption(json())
  .action((which: string, _: unknown, shown: Command) =>
    run<HistoryOptions>(async () => (await import("./history.ts")).historyShow)(
      [which],
      shown.optsWithGlobals(),
    ),
  );

controlPlane(command("diff", history))
  .description(
    "show what a revision changed in files, switches and placement, or what is otherwise in another one",
  )
  .argument("<revision>", revision, parseRevision)
  .argument("[other]", revision, parseRevision)
  .addOption(json())
  .action((which: string, other: string | undefined, _: unknown, shown: Command) =>
    run<HistoryOptions>(async () => (await import("./history.ts")).historyDiff)(
      other === undefined ? [which] : [which, other],
      shown.optsWithGlobals(),
    ),
  );

const timeout = (): Option =>
  new Option("--timeout <seconds>", "how long to wait for the proxies").argParser(parseSeconds).default(60);

controlPlane(command("rollback"))
  .description(
    "roll out again what a revision was, as a new one, and wait until all connected proxies serve it",
  )
  .argument("<revision>", "the number of a revision that was in force", parseRevisionNumber)
  .option("--policies-only", "the mesh and what is switched off stay as they are")
  .addOption(timeout())
  .addOption(json())
  .addHelpText(
    "after",
    "\nThe files are not changed: the next save of a policy takes the policies from them again, and of the mesh file the mesh.",
  )
  .action((which: string, options: RollbackCommandOptions) =>
    run<RollbackCommandOptions>(async () => (await import("./rollback.ts")).rollback)([which], options),
  );

controlPlane(command("wait"))
  .description("wait until all connected proxies serve a revision")
  .argument(
    "[revision]",
    `${revision}, which it is by default; one that is not there yet is waited for`,
    parseRevision,
  )
  .addOption(timeout())
  .addOption(json())
  .action((which: string | undefined, options: WaitOptions) =>
    run<WaitOptions>(async () => (await import("./wait.ts")).wait)(
      which === undefined ? [] : [which],
      options,
    ),
  );

controlPlane(command("disable"))
  .description(
    "switch policies off in all proxies of a running control plane at once, until they are enabled",
  )
  .argument("<policies...>", "names of policies")
  .addOption(json())
  .addHelpText(
    "after",
    "\nNothing is compiled and no proxy comes or goes; states stay. It outlives changes of the policies' files, and restarts with `--state`.",
  )
  .action(run(async () => (await import("./switch.ts")).disable));

controlPlane(command("enable"))
  .description("switch policies on again that `wire disable` has switched off")
  .argument("<policies...>", "names of policies")
  .addOption(json())
  .action(run(async () => (await import("./switch.ts")).enable));

controlPlane(command("force-leave"))
  .description("have changes wait no more for proxies that are gone for good, until they connect again")
  .argument("<services...>", "services whose proxies are not connected")
  .addOption(json())
  .addHelpText(
    "after",
    "\nOnly for a proxy that does not run: one that runs without being connected enforces what it had, so that requests through it may be enforced twice or not at all.",
  )
  .action(run(async () => (await import("./leave.ts")).forceLeave));

command("bench")
  .description(
    "measure what proxies and actions take, in an Envoy on this machine, for the costs of an interface",
  )
  .argument("[pattern]", "a regular expression: which cases", "^cost/")
  .option("--rounds <number>", "how often everything has its turn; figures are medians", parseCount, 20)
  .addOption(json())
  .action((pattern: string, options: { readonly rounds: number; readonly json?: boolean }) =>
    run<typeof options>(async () => (await import("./bench.ts")).bench)([pattern], options),
  );

const evaluate = command("eval").description(
  "measure applications in meshes of several kinds, on this machine, and compare them",
);

command("run", evaluate)
  .description(
    "run one application at one rate in one mesh, see that its policies are enforced, and measure it",
  )
  .requiredOption(
    "--app <name>",
    `${applicationNames.join(", ")}, or the folder of one of yours`,
    parseApplication,
  )
  .addOption(
    new Option(
      "--scenario <name>",
      "which policies: `p1`, headers and versions by context; `p1p2`, also who may open a connection to which store",
    )
      .choices([...scenarios])
      .default("p1"),
  )
  .addOption(
    new Option(
      "--mesh <name>",
      "`none`: no proxies and no policies; `sidecars`: one before every service; `selective`: before the callers that policies are about; `node`: one for all; `wire`: where Wire places them",
    )
      .choices([...modes])
      .default("wire"),
  )
  .option("--rate <number>", "requests a second", parseMeasuredRate, 20)
  .option("--duration <seconds>", "of the measurement", parseDuration, 10)
  .option("--warm-up <seconds>", "before it, counted for nothing", parseSeconds, 10)
  .option("--out <folder>", "append the figures to `runs.jsonl` in a folder")
  .addOption(json())
  .action((options: EvalRunOptions) =>
    run<EvalRunOptions>(async () => {
      const { evalRun } = await import("./eval-run.ts");
      return (_, given) => evalRun(given);
    })([], options),
  );

command("all", evaluate)
  .description(
    "run every application in every mesh, at rates from light to past saturation, in rounds, and write the report; goes on where it was interrupted",
  )
  .requiredOption("--out <folder>", "where the figures and the report go")
  .option(
    "--quick",
    "one round at one rate, a few seconds each: a quarter of an hour in all, to see that it works",
  )
  .addOption(
    new Option("--app <names...>", `which applications: ${applicationNames.join(", ")}, or folders of yours`)
      .argParser((text: string, before: unknown) => [
        ...(before === applicationNames ? [] : (before as readonly string[])),
        parseApplication(text),
      ])
      .default(applicationNames, "those that come along"),
  )
  .addOption(listOption("--scenario", "which policies", scenarios))
  .addOption(listOption("--mesh", "which meshes", modes))
  .option(
    "--rounds <number>",
    "how often everything has its turn, and the rates at which meshes are not compared three times at most; figures are medians",
    parseCount,
    5,
  )
  .option(
    "--duration <seconds>",
    "of a measurement at the rate at which meshes are compared; others take half as long",
    parseDuration,
    10,
  )
  .option("--warm-up <seconds>", "before each, counted for nothing", parseSeconds, 2)
  .option(
    "--start-warm-up <seconds>",
    "before the first one after a mesh has started, instead, where it is longer",
    parseSeconds,
    10,
  )
  .option("--seed <number>", "of the order in which meshes have their turns", parseWhole, 1)
  .addOption(json())
  .action((options: EvalAllOptions) =>
    run<EvalAllOptions>(async () => {
      const { evalAll } = await import("./eval-all.ts");
      return (_, given) => evalAll(given);
    })([], options),
  );

command("plot", evaluate)
  .description("draw what was measured: charts as SVG and PNG, and the report as one HTML file")
  .argument("<folder>", "where the figures are, and where the report goes")
  .option(
    "--update <file>",
    "write the figures between `<!-- EVAL-START -->` and `<!-- EVAL-END -->` of a document too",
  )
  .addOption(json())
  .action((folder: string, options: EvalPlotOptions) =>
    run<EvalPlotOptions>(async () => (await import("./eval-plot.ts")).evalPlot)([folder], options),
  );

command("install", evaluate)
  .description("fetch and build what measurements need, Envoy and Vegeta, which they would do by themselves")
  .addOption(json())
  .action((options: { readonly json?: boolean }) =>
    run<typeof options>(async () => (await import("./eval-install.ts")).evalInstall)([], options),
  );

command("uninstall", evaluate)
  .description("delete what was built for measurements alone")
  .addOption(json())
  .action((options: { readonly json?: boolean }) =>
    run<typeof options>(async () => (await import("./eval-install.ts")).evalUninstall)([], options),
  );

command("traces", evaluate)
  .description(
    "place policies on the applications of production traces, and say how long it takes and who is without a proxy",
  )
  .argument(
    "[files...]",
    "Alibaba's call graphs as CSV, of 2021 or 2022; without any, made-up applications like theirs",
  )
  .requiredOption(
    "--out <folder>",
    "where `placements.jsonl` is written: a line for each application and set of policies",
  )
  .option(
    "--min-calls <number>",
    "requests that an application of the traces has to have had",
    parseWhole,
    100,
  )
  .option("--min-services <number>", "services that it has to have", parseCount, 2)
  .option(
    "--applications <number>",
    "how many are placed; of those in files as many are drawn (default: all in files, or 1000 made up)",
    parseApplications,
  )
  .option("--seed <number>", "equal seeds make equal applications and policies", parseWhole, 1)
  .option("--time-limit <seconds>", "how long to look for each placement", parseSeconds, 60)
  .addOption(json())
  .addHelpText(
    "after",
    "\nCtrl-C ends it; what was placed until then stays in the file. See docs/evaluation.md.",
  )
  .action(run(async () => (await import("./eval-traces.ts")).evalTraces));

const meshTools = command("mesh").description("make up a mesh, learn one from traces, or compare the two");

command("generate", meshTools)
  .description("make up a mesh, with policies for it, to try and to measure placements with")
  .addOption(
    new Option(
      "--family <name>",
      "`alibaba`: one mesh with the statistics of Alibaba's traces; `application`: one application of it; `seed`: the tiers that the first Wire was measured with",
    )
      .choices(["alibaba", "application", "seed"])
      .default("alibaba"),
  )
  .option("--seed <number>", "equal seeds make equal meshes", parseWhole, 1)
  .option("--services <number>", "how many services (alibaba, application)", parseWhole)
  .option("--calls <number>", "how many calls (alibaba)", parseWhole)
  .option("--policies <number>", "how many policies (alibaba, application)", parseWhole)
  .option(
    "--sometimes <share>",
    "of the policies, those that only the path of a request decides (alibaba, application)",
    parseShare,
  )
  .addOption(new Option("--size <size>", "tiers (seed)").choices(["small", "medium", "large"]))
  .option(
    "--density <share>",
    "of the services of earlier tiers, those that call a new one (seed)",
    parseShare,
  )
  .option("--free", "nothing is for the caller's proxy only (seed)")
  .option("--commuting", "no order between policies matters (seed)")
  .option("--whole-contexts", "all elements of contexts, and not the last two, which decide (seed)")
  .requiredOption("--out <folder>", "where `mesh.yaml` and the policies are written")
  .addOption(json())
  .action((options: { readonly json?: boolean }) =>
    run<MeshGenerateOptions>(async () => (await import("./mesh-generate.ts")).meshGenerate)(
      [],
      options as MeshGenerateOptions,
    ),
  );

const traces = "OTLP/JSON, Jaeger's JSON, or Alibaba's call graphs as CSV; `-` is standard input";
const sampling = (): Option =>
  new Option("--sampling <share>", "the share of requests that was traced")
    .argParser(parseSampling)
    .default(1);

command("infer", meshTools)
  .description("make a mesh file of traces: services, calls and their rates")
  .argument("<files...>", traces)
  .option("--out <file>", "where the mesh file is written; standard output where it is not given")
  .option("--name <name>", "the name of the mesh", "inferred")
  .addOption(sampling())
  .addOption(json())
  .action(run(async () => (await import("./mesh-infer.ts")).meshInfer));

command("drift", meshTools)
  .description("compare a mesh file with traces; exits with 1 where they differ")
  .argument("<files...>", traces)
  .addOption(mesh().makeOptionMandatory())
  .option("--factor <number>", "how many times apart rates may be", parseFactor, 3)
  .addOption(sampling())
  .addOption(json())
  .action(run(async () => (await import("./mesh-drift.ts")).meshDrift));

command("new")
  .description("write a new policy in Copper, or as filter code, with its test and its README")
  .addArgument(new Argument("<form>", "what to write").choices(["policy", "filter"]))
  .argument("<name>", "the policy's name, and that of its folder")
  .option("--dir <folder>", "where the policy's folder is made", ".")
  .addOption(json())
  .action((form: string, name: string, options: { readonly dir: string; readonly json?: boolean }) =>
    run<typeof options>(async () => (await import("./new.ts")).newPolicy)([form, name], options),
  );

command("lsp")
  .description("serve an editor on standard input and output: the language server of Copper and filter code")
  .option("--stdio", "as editors ask for it; there is no other way")
  .action(run(async () => (await import("./lsp.ts")).lsp));

/** One or more of some names, with blanks between; by default all. */
function listOption(flag: string, description: string, names: readonly string[]): Option {
  return new Option(`${flag} <names...>`, description).choices([...names]).default([...names], "all");
}

function command(name: string, above: Command = program): Command {
  return above.command(name).exitOverride();
}

/**
 * Wrap a command: its result is the exit code, and what the world did wrong is one message, never a stack trace. It is loaded when it
 * runs: the compiler takes a third of a second, which whoever asks for help should not wait for.
 */
function run<Options extends { readonly json?: boolean }>(
  load: () => Promise<(paths: readonly string[], options: Options) => Promise<ExitCode>>,
): (paths: readonly string[], options: Options) => Promise<void> {
  return async (paths, options) => {
    try {
      const action = await load();
      process.exitCode = await action(paths, options);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      if (options.json === true) process.stdout.write(`${JSON.stringify({ error: error.message })}\n`);
      process.stderr.write(`wire: ${error.message}\n`);
      process.exitCode = 3;
    }
  };
}

function parseUrl(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw new CommanderError(2, "wire.url", `error: \`${text}\` is not a URL: http://HOST:PORT`);
}

function parseIdentity(text: string): string {
  if (/^spiffe:\/\/[^/]+\/.*\{node\}/.test(text)) return text;
  throw new CommanderError(
    2,
    "wire.identity",
    `error: \`${text}\` is not the SPIFFE id of a proxy: spiffe://TRUST-DOMAIN/PATH with \`{node}\` in its path`,
  );
}

function parseParams(text: string): string {
  if (/\.(ya?ml|json)$/.test(text)) return text;
  throw new CommanderError(2, "wire.params", `error: \`${text}\` is not a .yaml, .yml or .json file`);
}

/** What is left empty is no number, and above all not 0. */
function numberOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

function parsePort(text: string): number {
  const port = numberOf(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new CommanderError(
      2,
      "wire.port",
      `error: \`${text}\` is not a port: a whole number from 0 to 65535`,
    );
  }
  return port;
}

function parseWhole(text: string): number {
  const value = numberOf(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new CommanderError(2, "wire.whole", `error: \`${text}\` is not a whole number, 0 or more`);
  return value;
}

function parseShare(text: string): number {
  const share = numberOf(text);
  if (!(share >= 0 && share <= 1))
    throw new CommanderError(2, "wire.share", `error: \`${text}\` is not a share: a number from 0 to 1`);
  return share;
}

function parseSampling(text: string): number {
  const share = parseShare(text);
  if (share === 0) throw new CommanderError(2, "wire.share", "error: of no requests there are no traces");
  return share;
}

function parseFactor(text: string): number {
  const factor = numberOf(text);
  if (!Number.isFinite(factor) || factor < 1)
    throw new CommanderError(2, "wire.factor", `error: \`${text}\` is not a factor: a number, 1 or more`);
  return factor;
}

function parseSeconds(text: string): number {
  const seconds = numberOf(text);
  // More is no time that anybody waits, and timers end at 24 days.
  if (!(seconds >= 0 && seconds <= secondsMax))
    throw new CommanderError(
      2,
      "wire.seconds",
      `error: \`${text}\` is not a number of seconds, 0 to ${secondsMax}`,
    );
  return seconds;
}

function parseRequest(text: string): DoctorOptions["request"] {
  const [, method = "", path = ""] = /^([A-Z]+) (\/\S*)$/.exec(text) ?? [];
  if (method !== "") return { method, path };
  throw new CommanderError(2, "wire.request", `error: \`${text}\` is no request: METHOD /PATH`);
}

/** One that comes along, or a folder. */
function parseApplication(text: string): string {
  if (applicationNames.some((name) => name === text) || existsSync(text)) return text;
  throw new CommanderError(
    2,
    "wire.app",
    `error: \`${text}\` is neither a folder nor one of ${applicationNames.join(", ")}`,
  );
}

function parseDuration(text: string): number {
  const seconds = parseSeconds(text);
  if (seconds < 1)
    throw new CommanderError(
      2,
      "wire.seconds",
      `error: \`${text}\` seconds are too short to measure: 1 or more`,
    );
  return seconds;
}

function parsePatience(text: string): number {
  const seconds = parseSeconds(text);
  if (seconds < 1)
    throw new CommanderError(
      2,
      "wire.seconds",
      `error: in \`${text}\` seconds no proxy can answer: 1 or more`,
    );
  return seconds;
}

function parseRevision(text: string): string {
  return text === "newest" ? text : parseRevisionNumber(text);
}

function parseRevisionNumber(text: string): string {
  if (/^[1-9]\d{0,14}$/.test(text)) return text;
  throw new CommanderError(2, "wire.revision", `error: \`${text}\` is not the number of a revision`);
}

function parseCount(text: string): number {
  const count = numberOf(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new CommanderError(2, "wire.count", `error: \`${text}\` is not a whole number, 1 or more`);
}

/** More of them would end with the memory. */
const applicationsMax = 100_000;

function parseApplications(text: string): number {
  const count = parseCount(text);
  if (count > applicationsMax)
    throw new CommanderError(
      2,
      "wire.count",
      `error: \`${text}\` is more applications than ${applicationsMax}`,
    );
  return count;
}

function parseRate(text: string): number {
  const rate = numberOf(text);
  if (!Number.isFinite(rate) || rate < 0) {
    throw new CommanderError(
      2,
      "wire.rate",
      `error: \`${text}\` is not a rate: requests per second, 0 or more`,
    );
  }
  return rate;
}

/** The least that Vegeta is told is a thousandth, and what it is told as none it takes for as many as it can. */
const [measuredRateMin, measuredRateMax] = [0.001, 100_000];

function parseMeasuredRate(text: string): number {
  const rate = parseRate(text);
  if (rate >= measuredRateMin && rate <= measuredRateMax) return rate;
  throw new CommanderError(
    2,
    "wire.rate",
    rate === 0
      ? "error: without requests there is nothing to measure"
      : `error: \`${text}\` is not a rate to measure at: ${measuredRateMin} to ${measuredRateMax} requests per second`,
  );
}

/** A reader that has seen enough, as `head` does, ends the command as an interrupt would; a crash would be no answer. */
function endQuietly(error: Error): void {
  if (!("code" in error) || error.code !== "EPIPE") throw error;
  if (process.listenerCount("SIGTERM") > 0) process.emit("SIGTERM");
  else process.exit();
}

process.stdout.on("error", endQuietly);
process.stderr.on("error", endQuietly);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Commander has printed its own errors already, but not those thrown by the parsers above.
  if (error.code.startsWith("wire.")) {
    if (process.argv.includes("--json"))
      process.stdout.write(`${JSON.stringify({ error: error.message.replace(/^error: /, "") })}\n`);
    process.stderr.write(`${error.message}\n`);
  }
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
// What is still waited for, such as the answer of a proxy that is not there, must not hold the command up.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((written) => stream.write("", () => written()));
}
process.exit();
