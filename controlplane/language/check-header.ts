import type { Phase } from "./phase-of.ts";

/** What is wrong with a header, and what to write. */
export interface HeaderProblem {
  readonly message: string;
  readonly help: string;
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Pseudo-headers of a request that a proxy lets a filter write. */
const pseudo: readonly string[] = [":authority", ":method", ":path", ":scheme"];
/** How a message is cut, who is at the other end of the connection and how it came: the proxy writes these itself. */
const framing: readonly string[] = [
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  ":scheme",
  "x-forwarded-client-cert",
  "x-forwarded-proto",
];
/** Those of them that are of one connection, and so not the same on both sides of a proxy. */
const ofConnection: readonly string[] = [
  "connection",
  "expect",
  "keep-alive",
  "proxy-connection",
  "trailer",
  "transfer-encoding",
  "x-forwarded-client-cert",
];
/** Headers that are written by an action of their own, which sees to what belongs to them. */
const byAction: ReadonlyMap<string, string> = new Map([
  [":authority", "RewriteHost"],
  ["host", "RewriteHost"],
  [":path", "RewritePath"],
  ["x-envoy-fault-abort-request", "InjectAbort"],
  ["x-envoy-fault-abort-grpc-request", "InjectAbort"],
  ["x-envoy-fault-abort-request-percentage", "InjectAbort"],
  ["x-envoy-fault-delay-request", "InjectDelay"],
  ["x-envoy-fault-delay-request-percentage", "InjectDelay"],
  ["x-envoy-max-retries", "SetRetries"],
  ["x-envoy-retry-grpc-on", "SetRetries"],
  ["x-envoy-retry-on", "SetRetries"],
  ["x-envoy-upstream-rq-per-try-timeout-ms", "SetTimeout"],
  ["x-envoy-upstream-rq-timeout-ms", "SetTimeout"],
]);
/** The family of headers that proxies use among themselves, e.g. `x-wire-version`. */
const reserved = "x-wire-";
/** The family of those that Envoy writes and acts on by itself. */
const ofEnvoy = "x-envoy-";

/** The name under which a proxy keeps a header of a request: in lower case, and `host` is the authority of HTTP/2. */
export function headerKey(name: string): string {
  const lower = name.toLowerCase();
  return lower === "host" ? ":authority" : lower;
}

/** Why a header of this name cannot be read; undefined when it can. */
export function unreadable(name: string, phase: Phase): HeaderProblem | undefined {
  const lower = name.toLowerCase();
  if (lower.startsWith(reserved) || (phase === "request" && lower.startsWith(ofEnvoy))) {
    return {
      message: `\`${name}\` cannot be read: proxies write and take away such headers as they act`,
      help: "what is there depends on which proxy looks: leave it out",
    };
  }
  if (ofConnection.includes(lower)) {
    return {
      message: `\`${name}\` cannot be read: it is of one connection, and a proxy has two`,
      help: "leave it out",
    };
  }
  if (token.test(name) || (phase === "request" && pseudo.includes(lower))) return undefined;
  if (name.startsWith(":")) {
    return {
      message: `${phase}s have no pseudo-header \`${printable(name)}\``,
      help:
        phase === "request"
          ? `there are \`${pseudo.join("`, `")}\``
          : "`GetStatus(response)` is the status, the only one that there is",
    };
  }
  return {
    message: name === "" ? "a header has a name" : `\`${printable(name)}\` is not the name of a header`,
    help: "letters, digits and hyphens, as in `x-canary`",
  };
}

/** Why this action, such as `SetHeader`, cannot change a header of this name; undefined when it can. */
export function unwritable(name: string, action: string, phase: Phase): HeaderProblem | undefined {
  const lower = name.toLowerCase();
  if (lower === ":method" && action !== "SetHeader" && phase === "request") {
    return {
      message: `a request has one \`:method\`, which cannot be ${action === "AddHeader" ? "added to" : "removed"}`,
      help: 'write `SetHeader(request, ":method", "GET")`, or leave it out',
    };
  }
  if (lower === "cookie" && action === "AddHeader" && phase === "request") {
    return {
      message: `a request has one \`${name}\`, which HTTP/2 joins by semicolons on the way`,
      help: "set all of it with `SetHeader`",
    };
  }
  if (framing.includes(lower)) {
    return {
      message: `\`${name}\` cannot be set: proxies write it themselves`,
      help: "leave it out",
    };
  }
  const own = phase === "request" ? byAction.get(lower) : undefined;
  if (own !== undefined) {
    return {
      message: `\`${name}\` cannot be set: a proxy acts on it`,
      help: `write \`${own}(request, …)\``,
    };
  }
  if (lower.startsWith(ofEnvoy)) {
    return {
      message: `\`${name}\` cannot be set: proxies write or act on such headers`,
      help: "leave it out: what it does would depend on which proxy acts first",
    };
  }
  if (lower.startsWith(reserved)) {
    return {
      message: `\`${name}\` cannot be set: proxies tell each other with it`,
      help:
        lower === "x-wire-version" && phase === "request"
          ? 'write `RouteToVersion(request, "service", "version")`'
          : `choose a name that does not begin with \`${reserved}\``,
    };
  }
  return unreadable(name, phase);
}

/**
 * Why filter code cannot write a header of this name, which the SDK then leaves as it is (`assembly/reserved.ts`); undefined when it can. Of these the
 * length may be taken away, which goes with a body that is written.
 */
export function unwritableByCode(name: string, method: string): HeaderProblem | undefined {
  const key = headerKey(name);
  const isReserved =
    [":authority", ...framing].includes(key) || key.startsWith(reserved) || key.startsWith(ofEnvoy);
  if (!isReserved || (key === "content-length" && method === "remove")) return undefined;
  return unwritable(name, "SetHeader", "request");
}

/** Why a header cannot have this value; undefined when it can. */
export function unwritableValue(value: string): HeaderProblem | undefined {
  const found = [...value].find((character) => isControl(character.codePointAt(0) ?? 0));
  if (found === undefined) return undefined;
  return {
    message: `the value of a header has no \`${printable(found)}\``,
    help: "write it in one line, without control characters",
  };
}

/** Tabs are allowed (RFC 9110 §5.5). */
function isControl(code: number): boolean {
  return (code < 0x20 && code !== 0x09) || code === 0x7f;
}

/** A text as a message may show it, on one line. */
export function printable(text: string): string {
  const escaped = (character: string): string => `\\u{${character.charCodeAt(0).toString(16)}}`;
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/\p{Cc}/gu, escaped);
}
