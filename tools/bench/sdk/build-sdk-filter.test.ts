import { expect, test } from "vitest";
import { verifyModule } from "../../../filters/proxy-wasm-as/build/index.ts";
import { buildSdkFilter } from "./build-sdk-filter.ts";

test("the module of the compared filter imports and exports what it needs and no more", async () => {
  const bytes = await buildSdkFilter();
  expect(verifyModule(bytes)).toEqual([]);
  const module = new WebAssembly.Module(Uint8Array.from(bytes));
  const lines = [
    ...WebAssembly.Module.imports(module).map(({ module, name }) => `import ${module}.${name}`),
    ...WebAssembly.Module.exports(module).map(({ name }) => `export ${name}`),
    `${bytes.length} bytes`,
  ];
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("build-sdk-filter.txt");
});
