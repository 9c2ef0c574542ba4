import { didYouMean } from "../language/nearest.ts";
import type { Reporter } from "../language/reporter.ts";
import type { Span } from "../language/source.ts";
import type { Endpoint, Mesh } from "./mesh.ts";

/** What the mesh file says about one service's endpoints. */
export interface Listed {
  readonly service: string;
  readonly keySpan: Span;
  readonly endpoints: readonly { readonly endpoint: Endpoint; readonly span: Span }[];
}

/** Loopback addresses that replicas (127.1), proxies (127.2) and their listeners (127.16 to 127.215) are given. */
const given = /^127\.(?:1|2|1[6-9]|[2-9]\d|1\d\d|20\d|21[0-5])\./;

/** Endpoints are of services and versions that there are, and an address is one service's where it says who calls. */
export function checkEndpoints(
  listed: readonly Listed[],
  { services, identity }: Pick<Mesh, "services" | "identity">,
  reporter: Reporter,
): void {
  const owners = new Map<string, string>();
  for (const { service: name, keySpan, endpoints } of listed) {
    const service = services.get(name);
    if (service === undefined) {
      reporter.report("MSH0201", keySpan, `\`endpoints\` names an unknown service \`${name}\``, {
        help: didYouMean(name, services.keys(), `add \`${name}\` to \`services\``),
      });
      continue;
    }
    for (const { endpoint, span } of endpoints) {
      const { address, version } = endpoint;
      if (version !== undefined && !service.versions.has(version)) {
        reporter.report(
          "MSH0203",
          span,
          `an endpoint of \`${name}\` is of an unknown version \`${version}\``,
          {
            help: didYouMean(version, service.versions.keys(), `add it to the \`versions\` of \`${name}\``),
          },
        );
      }
      if (given.test(address)) {
        reporter.report(
          "MSH0208",
          span,
          `\`${address}\` is an address that emulated services and proxies are given`,
          {
            help: "use another one than 127.1.*, 127.2.* and 127.16.* to 127.215.*",
          },
        );
      }
      const owner = owners.get(address) ?? name;
      owners.set(address, owner);
      if (identity === "address" && owner !== name) {
        reporter.report("MSH0207", span, `\`${owner}\` and \`${name}\` share the address \`${address}\``, {
          help: "give each service its own: under `identity: address` it says who calls",
        });
      }
    }
  }
}
