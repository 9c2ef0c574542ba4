import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Row } from "../../envoy/measure/side-by-side.ts";
import { wasm } from "../../envoy/measure/wasm-row.ts";
import { assemble } from "../../filters/proxy-wasm-as/build/assemble.ts";
import { generate } from "../codegen/generate.ts";
import { checkCopper } from "../language/check.ts";
import type { CopperPolicy } from "../language/policy.ts";
import { type ActionBody, policyText } from "./action-bodies.ts";

/** The module that the compiler makes of a body. */
export async function buildModuleOf(body: ActionBody): Promise<{ readonly bytes: Uint8Array }> {
  const { policies, diagnostics } = checkCopper({ path: "measured.cup", text: policyText(body) });
  const [policy] = policies as readonly CopperPolicy[];
  if (policy === undefined || diagnostics.length > 0)
    throw new Error(`${body.body}: ${diagnostics.map(({ message }) => message).join(", ")}`);
  const { bytes, stderr } = await assemble({ entry: generate([policy]) });
  if (bytes === undefined) throw new Error(stderr);
  return { bytes };
}

/** A row whose module does it. The module is written into a folder. */
export async function moduleRow(name: string, body: ActionBody, folder: string): Promise<Row> {
  const { bytes } = await buildModuleOf(body);
  const path = join(folder, `${name}.wasm`);
  await writeFile(path, bytes);
  const direction = body.side === "egress" ? "outbound" : "inbound";
  const parameters = body.hasSwitch === true ? "\t0" : "";
  return wasm(name, path, `@self\tb\n@peer\ta\t127.0.0.1\nmeasured\t${direction}\t*\tenforce${parameters}\n`);
}

/** What is entered and does nothing, for requests or for responses. Those of different numbers are different modules. */
export function idleBody(act: ActionBody["act"], number = 0): ActionBody {
  return {
    act,
    side: "ingress",
    hasSwitch: true,
    body: `if (isOn) { SetHeader(it, "x-idle-${number}", "yes"); }`,
  };
}
