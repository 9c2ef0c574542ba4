import { readFileSync } from "node:fs";
import { WireError } from "../../controlplane/error/wire-error.ts";
import type { AddressRevision } from "./address-map.ts";
import { followAddressMap } from "./follow-address-map.ts";
import type { EmulatedService } from "./service.ts";
import { type Emulator, startEmulator } from "./start-emulator.ts";

/** The file that is this program's one argument. */
interface EmulatorFile {
  readonly services: readonly EmulatedService[];
  readonly addresses?: AddressRevision;
  /** `http://HOST:PORT/addresses` of a control plane. */
  readonly follow?: string;
  readonly follower?: string;
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write("usage: node envoy/emulator/main.ts FILE\n");
  process.exit(2);
}
const file: EmulatorFile = JSON.parse(readFileSync(path, "utf8"));
const end = new AbortController();
try {
  const emulator = await started();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      end.abort();
      void emulator.close().then(() => process.exit(0));
    });
  }
  console.log(JSON.stringify({ ready: true, services: file.services.length }));
  if (file.follow !== undefined) {
    await followAddressMap(file.follow, emulator, {
      signal: end.signal,
      ...(file.follower === undefined ? {} : { follower: file.follower }),
    });
  }
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(3);
}

/** Our one line of output says that the services are ready, or why they are not. */
async function started(): Promise<Emulator> {
  try {
    return await startEmulator(file);
  } catch (error) {
    const why = error instanceof WireError ? error.reason : messageOf(error);
    process.stdout.write(`${JSON.stringify({ error: why })}\n`, () => process.exit(3));
    return new Promise(() => undefined);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
