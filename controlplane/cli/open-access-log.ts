import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { WireError } from "../error/wire-error.ts";
import type { Output } from "./report.ts";

/** Where `wire up` puts the lines that its proxies write to their access logs. */
export interface OpenAccessLog {
  line(text: string): void;
  close(): Promise<void>;
}

/** Open a file to append to; `-` is standard output. */
export async function openAccessLog(path: string, output: Output): Promise<OpenAccessLog> {
  if (path === "-") return { line: output.print, close: async () => undefined };
  const file = createWriteStream(path, { flags: "a" });
  try {
    await once(file, "open");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WireError("file", `cannot write the access log to ${path}: ${why}`, { cause });
  }
  // A disk that is full ends the log, not the mesh.
  file.on("error", (error) => output.progress(`wire: the access log ends here: ${error.message}`));
  return {
    line: (text) => void (file.writable && file.write(`${text}\n`)),
    async close() {
      file.end();
      // What went wrong has been said.
      await finished(file).catch(() => undefined);
    },
  };
}
