import type { FoundEnvoy } from "../../envoy/index.ts";
import { WireError } from "../error/wire-error.ts";

/** An Envoy that can run as a process: the commands that need one say so where there is only an image. */
export function processEnvoy(envoy: FoundEnvoy): Extract<FoundEnvoy, { readonly kind: "binary" }> {
  if (envoy.kind === "binary") return envoy;
  throw new WireError(
    "envoy-missing",
    "only a container image of Envoy was found, and this command runs processes: set WIRE_ENVOY to an Envoy binary",
  );
}
