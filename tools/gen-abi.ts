import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { generatedFiles } from "../filters/proxy-wasm-as/abi/generated-files.ts";

const root = join(resolve(import.meta.dirname, ".."), "filters", "proxy-wasm-as");
for (const [path, text] of generatedFiles()) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
