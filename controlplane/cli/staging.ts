import { usualAdminPort } from "../../envoy/index.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Staging } from "../rollout/start-rollouts.ts";
import type { WaveSize } from "../rollout/waves.ts";
import { addressPlan } from "../xds/address-plan.ts";
import { endpoint } from "./endpoint.ts";
import { readHealth } from "./read-health.ts";
import { usageError } from "./usage-error.ts";

/** As they were written. */
export interface StagingOptions {
  /** How many proxies have a change first, or their share, or which. */
  readonly canary?: string;
  /** How many have it after each wave, or their share. */
  readonly waves?: string;
  /** Seconds for which the proxies of a wave have to be healthy. */
  readonly soak?: string;
  /** Per cent of the requests that have to be answered by something else than 5xx. */
  readonly successRate?: string;
  /** Where the admin interface of a proxy is, with `{node}` for its service. */
  readonly proxyAdmin?: string;
}

export const soakUsualS = 30;
export const successPercentUsual = 99;

/** Undefined where no change is staged. All that is wrong with the options is one error. */
export function stagingBy(options: StagingOptions): Staging | undefined {
  const { canary, waves, proxyAdmin } = options;
  const faults: string[] = [];
  const number = (
    name: string,
    text: string | undefined,
    usual: number,
    max: number,
    what: string,
  ): number => {
    if (text === undefined) return usual;
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!(value >= 0 && value <= max)) faults.push(`--${name}: \`${text}\` is not ${what}`);
    return value;
  };
  const soakS = number("soak", options.soak, soakUsualS, 86_400, "a number of seconds, 0 to 86400");
  const successPercentMin = number(
    "success-rate",
    options.successRate,
    successPercentUsual,
    100,
    "a number of per cent, 0 to 100",
  );
  if (proxyAdmin !== undefined && !/^https?:$/.test(URL.parse(proxyAdmin)?.protocol ?? ""))
    faults.push(
      `--proxy-admin: \`${proxyAdmin}\` is not a URL: http://HOST:PORT with {node} for the service`,
    );
  const first = canary === undefined ? [] : [canaryIn(canary, faults)];
  const others = waves === undefined ? [] : wavesIn(waves, faults);
  const sizes = [...first, ...others].filter((size) => size !== undefined);
  if (canary === undefined && waves === undefined) {
    const alone = (["soak", "success-rate", "proxy-admin"] as const).filter(
      (_, index) => [options.soak, options.successRate, proxyAdmin][index] !== undefined,
    );
    if (alone.length > 0)
      faults.push(
        `${alone.map((name) => `--${name}`).join(", ")}: of staged rollouts, so --canary or --waves has to be there too`,
      );
  }
  if (faults.length > 0) throw usageError(faults.join("; "));
  if (sizes.length === 0) return undefined;
  return {
    ...{ sizes, soakMs: soakS * 1_000, limits: { successPercentMin } },
    read: (service, mesh) => readHealth(adminOf(service, mesh, proxyAdmin)),
  };
}

/** A canary that is no service of the mesh would never be one. */
export function checkCanaries({ sizes }: Pick<Staging, "sizes">, { services }: Pick<Mesh, "services">): void {
  const unknown = sizes
    .flatMap((size) => (size.kind === "services" ? size.services : []))
    .filter((service) => !services.has(service));
  if (unknown.length > 0)
    throw usageError(`--canary: the mesh has no service ${unknown.map((name) => `\`${name}\``).join(", ")}`);
}

function adminOf(service: string, mesh: Mesh, template: string | undefined): string {
  if (template !== undefined) return template.replaceAll("{node}", service).replace(/\/+$/, "");
  return `http://${endpoint(addressPlan(mesh).proxy(service), usualAdminPort)}`;
}

function canaryIn(text: string, faults: string[]): WaveSize | undefined {
  const size = sizeIn(text);
  if (size !== undefined) return size;
  const services = text.split(",").map((name) => name.trim());
  // What begins like a number was meant as one.
  if (services.every((name) => /^[A-Za-z_][^%\s]*$/.test(name))) return { kind: "services", services };
  faults.push(
    `--canary: \`${text}\` is neither a number of proxies, as 1, nor a share, as 10%, nor names of services, as rate,geo`,
  );
  return undefined;
}

function wavesIn(text: string, faults: string[]): readonly WaveSize[] {
  const sizes: WaveSize[] = [];
  for (const part of text.split(",")) {
    const size = sizeIn(part.trim());
    if (size === undefined) {
      faults.push(`--waves: \`${part.trim()}\` is neither a number of proxies, as 10, nor a share, as 50%`);
      continue;
    }
    const before = sizes.findLast(({ kind }) => kind === size.kind);
    if (before !== undefined && amountOf(before) >= amountOf(size))
      faults.push(
        `--waves: each says how many proxies have the change after it, so \`${part.trim()}\` has to be more than what is before it`,
      );
    sizes.push(size);
  }
  return sizes;
}

/** `3` or `10%`, more than nothing. */
function sizeIn(text: string): Exclude<WaveSize, { readonly kind: "services" }> | undefined {
  const [, digits = "", percent] = /^(\d+(?:\.\d+)?)(%)?$/.exec(text) ?? [];
  const value = Number(digits);
  if (digits === "" || value <= 0) return undefined;
  if (percent !== undefined) return value <= 100 ? { kind: "share", share: value / 100 } : undefined;
  return Number.isSafeInteger(value) ? { kind: "count", count: value } : undefined;
}

function amountOf(size: WaveSize): number {
  if (size.kind === "count") return size.count;
  return size.kind === "share" ? size.share : size.services.length;
}
