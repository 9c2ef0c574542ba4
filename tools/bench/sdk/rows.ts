import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Filter, Row } from "../../../envoy/measure/side-by-side.ts";
import { wasm } from "../../../envoy/measure/wasm-row.ts";
import { assemble } from "../../../filters/proxy-wasm-as/build/assemble.ts";
import { buildRustFilter } from "./build-rust-filter.ts";
import { buildSdkFilter } from "./build-sdk-filter.ts";
import { emptyCallbacks, hostCalls, hostCallsOnce, noCallback } from "./floors.ts";

const extensions = "type.googleapis.com/envoy.extensions.filters.http";

/** What the table has, in its order; the first is what all others are held against. */
export interface Rows {
  readonly rows: readonly Row[];
  /** What is not there to be measured, and why. */
  readonly missing: readonly { readonly name: string; readonly why: string }[];
}

/** The names of those that a target is about. */
export const names = { none: "no filter", sdk: "this SDK", rust: "Rust SDK", lua: "Lua" } as const;

/** Build what is to be measured; modules are written into this folder. */
export async function buildRows(folder: string): Promise<Rows> {
  const write = (name: string, bytes: Uint8Array): Row => {
    const path = join(folder, `${name.replaceAll(" ", "-")}.wasm`);
    writeFileSync(path, bytes);
    return wasm(name, path);
  };
  const rust = await buildRustFilter();
  return {
    rows: [
      { name: names.none },
      { name: "native header_mutation", filter: native() },
      { name: names.lua, filter: lua() },
      ...("missing" in rust ? [] : [wasm(names.rust, rust.path)]),
      write(names.sdk, await buildSdkFilter()),
      write("its host calls alone", await compiled(hostCalls)),
      write("with one read for both", await compiled(hostCallsOnce)),
      write("two empty callbacks", await compiled(emptyCallbacks)),
      write("no callback", await compiled(noCallback)),
    ],
    missing: "missing" in rust ? [{ name: names.rust, why: rust.missing }] : [],
  };
}

async function compiled(entry: string): Promise<Uint8Array> {
  const { bytes, stderr } = await assemble({ entry });
  if (bytes === undefined) throw new Error(stderr);
  return bytes;
}

function lua(): Filter {
  const text = readFileSync(new URL("../sdk-filter/filter.lua", import.meta.url), "utf8");
  const config = { "@type": `${extensions}.lua.v3.Lua`, default_source_code: { inline_string: text } };
  return { name: "lua", typed_config: config };
}

/** It has no conditions: what the changes alone cost where nothing is entered for them. */
function native(): Filter {
  const put = (key: string, value: string, action: string): Readonly<Record<string, unknown>> => ({
    append: { header: { key, value }, append_action: action },
  });
  const mutations = {
    request_mutations: [
      put("x-plan", "platinum", "OVERWRITE_IF_EXISTS_OR_ADD"),
      put("x-checked", "yes", "APPEND_IF_EXISTS_OR_ADD"),
    ],
    response_mutations: [put("x-served-by", "wire", "APPEND_IF_EXISTS_OR_ADD")],
  };
  return {
    name: "native",
    typed_config: { "@type": `${extensions}.header_mutation.v3.HeaderMutation`, mutations },
  };
}
