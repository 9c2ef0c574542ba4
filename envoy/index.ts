export { type BootstrapOptions, bootstrap, usualAdminPort, type XdsTls } from "./bootstrap.ts";
export { buildImage } from "./container/build-image.ts";
export { type Engine, ensureEngine } from "./container/engine.ts";
export {
  EnvoyContainer,
  type EnvoyContainerOptions,
  type EnvoyResponse,
  StartedEnvoyContainer,
} from "./container/envoy-container.ts";
export { hostAddress } from "./container/host-address.ts";
export { type FindEnvoyOptions, type FoundEnvoy, findEnvoy } from "./find-envoy.ts";
export { type Exit, type RunningEnvoy, type StartEnvoyOptions, startEnvoy } from "./run-envoy.ts";
