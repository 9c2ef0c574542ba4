import { spawnSync } from "node:child_process";

/** A command line that runs another one, and how its standard input must be connected. */
export interface BoundCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** `pipe`: the caller keeps the other end open and writes nothing; its end is the parent's end. */
  readonly stdin: "ignore" | "pipe";
}

export type ParentWatch = "pdeathsig" | "pipe";

/**
 * Wrap a command so that the kernel or a watcher kills it when this process dies, even by SIGKILL. The process
 * that is spawned *becomes* the command (`exec`), so its id and signals are the command's own.
 */
export function dieWithParent(
  command: string,
  args: readonly string[],
  options: {
    /** Defaults to `KILL`; `TERM` for a program that has children of its own to end. */
    readonly signal?: "KILL" | "TERM";
    /** Defaults to the best that this system has. */
    readonly watch?: ParentWatch;
  } = {},
): BoundCommand {
  const signal = options.signal ?? "KILL";
  const watch = options.watch ?? bestWatch();
  switch (watch) {
    case "pdeathsig":
      // A parent that died before the signal was asked for is noticed by the changed parent id.
      return {
        command: "setpriv",
        args: [
          "--pdeathsig",
          signal,
          "sh",
          "-c",
          'test "$PPID" = "$0" && exec "$@"',
          String(process.pid),
          command,
          ...args,
        ],
        stdin: "ignore",
      };
    case "pipe":
      // `$$` in the background is still the id of the outer shell, which `exec` hands on to the command.
      return {
        command: "sh",
        args: [
          "-c",
          'exec 3<&0; { cat <&3; kill -s "$0" $$; } >/dev/null 2>&1 & exec "$@" </dev/null 3<&-',
          signal,
          command,
          ...args,
        ],
        stdin: "pipe",
      };
    default:
      return watch satisfies never;
  }
}

let best: ParentWatch | undefined;

/** `setpriv` of util-linux asks the kernel; other systems, and smaller `setpriv`s, get a watcher on a pipe. */
function bestWatch(): ParentWatch {
  best ??=
    process.platform === "linux" && spawnSync("setpriv", ["--pdeathsig", "KILL", "true"]).status === 0
      ? "pdeathsig"
      : "pipe";
  return best;
}
