import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { AddressRevision } from "../../envoy/emulator/address-map.ts";
import type { EmulatedService } from "../../envoy/emulator/service.ts";
import { WireError } from "../error/wire-error.ts";
import { type Child, runChild } from "./run-child.ts";

export interface RunServicesOptions {
  readonly services: readonly EmulatedService[];
  /** Who finds whom where: once for all, or as a control plane says. */
  readonly addressing:
    | { readonly addresses: AddressRevision }
    | { readonly follow: string; readonly follower: string };
  /** For the file that they are told by. */
  readonly folder: string;
  /** Told each line that they write. */
  progress(line: string): void;
}

const script = resolve(import.meta.dirname, "../../envoy/emulator/main.ts");

/** Run emulated services, all in one process, which is stopped with the stack; resolves when all of them listen. */
export async function runServices(
  { services, addressing, folder, progress }: RunServicesOptions,
  stack: AsyncDisposableStack,
): Promise<Child> {
  const file = join(folder, "services.json");
  await writeFile(file, JSON.stringify({ services, ...addressing }));
  const emulator = runChild({ name: "services", script, args: [file], progress });
  stack.defer(() => emulator.stop());
  const ready = await emulator.ready;
  if (isFailure(ready)) throw new WireError("services", ready.error);
  return emulator;
}

/** What the emulated services say instead of being ready. */
function isFailure(line: unknown): line is { readonly error: string } {
  return typeof line === "object" && line !== null && "error" in line && typeof line.error === "string";
}
