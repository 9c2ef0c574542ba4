#!/usr/bin/env node
import { Command, CommanderError, Option } from "commander";
import { WireError } from "../error/wire-error.ts";
import { check } from "./check.ts";
import { compile } from "./compile.ts";
import { placeCommand } from "./place.ts";
import { serve } from "./serve.ts";
import { up } from "./up.ts";

/** 0 ok, 1 the input is at fault, 2 usage, 3 the world is. */
export type ExitCode = 0 | 1 | 2 | 3;

const program = new Command("wire")
  .description("say what must happen to requests in context; only the proxies that need it get it")
  .showHelpAfterError("(`wire --help` lists the commands)")
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text) });

const json = (): Option =>
  new Option("--json", "print JSON for machines, and nothing else, to standard output");
const mesh = (): Option => new Option("--mesh <file>", "the mesh file (YAML or JSON)");
const policies = "policy files, or folders of them";

command("check")
  .description("parse and type-check policies, with their contexts where a mesh is given")
  .argument("<policies...>", policies)
  .addOption(mesh())
  .addOption(json())
  .action(run(check));

command("compile")
  .description("write the generated source, the Wasm modules and a manifest")
  .argument("<policies...>", policies)
  .addOption(mesh().makeOptionMandatory())
  .requiredOption("--out <folder>", "where to write")
  .addOption(json())
  .action(run(compile));

command("place")
  .description("choose the proxies: the cheapest set that enforces every policy")
  .argument("<policies...>", policies)
  .addOption(mesh().makeOptionMandatory())
  .addOption(json())
  .action(run(placeCommand));

command("serve")
  .description("run the control plane alone: xDS for Envoys and an HTTP API")
  .argument("<policies...>", policies)
  .addOption(mesh().makeOptionMandatory())
  .option("--xds-port <port>", "port of the xDS server on 127.0.0.1; 0 takes a free one", parsePort, 18000)
  .option("--http-port <port>", "port of the HTTP API on 127.0.0.1; 0 takes a free one", parsePort, 18001)
  .option("--state <file>", "where the state in force is kept, so that a restart re-sends nothing")
  .addOption(json())
  .action(run(serve));

command("up")
  .description("run the whole mesh on this machine: control plane, Envoys where placed, emulated services")
  .argument("[policies...]", `${policies}; without any, the example policies`)
  .addOption(mesh())
  .option("--load <rate>", "requests per second from outside into the entry services", parseRate, 0)
  .option("--xds-port <port>", "port of the xDS server on 127.0.0.1; 0 takes a free one", parsePort, 18000)
  .option("--http-port <port>", "port of the HTTP API on 127.0.0.1; 0 takes a free one", parsePort, 18001)
  .addOption(json())
  .action(run(up));

function command(name: string): Command {
  return program.command(name).exitOverride();
}

/** Wrap a command: its result is the exit code, and what the world did wrong is one line, never a stack trace. */
function run<Options>(
  action: (paths: readonly string[], options: Options) => Promise<ExitCode>,
): (paths: readonly string[], options: Options) => Promise<void> {
  return async (paths, options) => {
    try {
      process.exitCode = await action(paths, options);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      process.stderr.write(`wire: ${error.message}\n`);
      process.exitCode = 3;
    }
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new CommanderError(
      2,
      "wire.port",
      `error: \`${text}\` is not a port: a whole number from 0 to 65535`,
    );
  }
  return port;
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (!Number.isFinite(rate) || rate < 0) {
    throw new CommanderError(
      2,
      "wire.rate",
      `error: \`${text}\` is not a rate: requests per second, 0 or more`,
    );
  }
  return rate;
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Commander has printed its own errors already, but not those thrown by the parsers above.
  if (error.code.startsWith("wire.")) process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
