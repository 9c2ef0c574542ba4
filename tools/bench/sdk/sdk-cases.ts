import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requestHeaders } from "../../../envoy/measure/request-headers.ts";
import { residentKiB } from "../../../envoy/measure/resident-kib.ts";
import { sideBySide } from "../../../envoy/measure/side-by-side.ts";
import { wasm } from "../../../envoy/measure/wasm-row.ts";
import { createHost } from "../../../filters/proxy-wasm-as/testing/index.ts";
import type { BenchCase } from "../case.ts";
import { buildSdkFilter } from "./build-sdk-filter.ts";

const requests = 1_000_000;

export const sdkCases: readonly BenchCase[] = [
  { name: "sdk/size", limit: 1200, unit: "bytes", measure: async () => (await buildSdkFilter()).length },
  { name: "sdk/memory/pages-grown", limit: 0, unit: "pages", measure: pagesGrown },
  { name: "sdk/memory/envoy-grown", limit: 1024, unit: "KiB", measure: envoyGrown },
];

/** By how much the memory of an instance grows over a million requests. Two bytes that stay of each request are more than what is free at first. */
async function pagesGrown(): Promise<number> {
  const host = createHost(await buildSdkFilter());
  const before = host.memoryPages;
  for (let n = 0; n < requests; n++) host.exchange({ headers: requestHeaders });
  if (host.failure !== null) throw new Error(host.failure);
  return host.memoryPages - before;
}

/** By how much an Envoy grows over a million requests, once it has served a tenth of them. */
async function envoyGrown(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "wire-bench-"));
  try {
    const path = join(folder, "sdk.wasm");
    writeFileSync(path, await buildSdkFilter());
    await using envoy = await sideBySide([wasm("this SDK", path)]);
    await envoy.ask({ row: 0, requests: requests / 10, inFlight: 50 });
    const before = residentKiB(envoy.pid);
    await envoy.ask({ row: 0, requests, inFlight: 50 });
    return residentKiB(envoy.pid) - before;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
