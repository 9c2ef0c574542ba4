// The thread that tries modules: it may be ended in the middle of one that never comes back.
import { parentPort } from "node:worker_threads";
import type { SmokeQuestion } from "./smoke.ts";
import { tryModule } from "./try-module.ts";

parentPort?.on("message", ({ bytes, configuration }: SmokeQuestion) => {
  parentPort?.postMessage(tryModule(bytes, configuration));
});
