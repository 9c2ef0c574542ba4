import { WireError } from "../error/wire-error.ts";
import { endpoint } from "./endpoint.ts";
import { readSource } from "./read-files.ts";
import { secretIn } from "./secret-in.ts";

/** Where a control plane's HTTP API is, and what it wants to see. */
export interface ControlPlaneOptions {
  readonly httpHost: string;
  readonly httpPort: number;
  /** Of the HTTP API; instead of host and port. */
  readonly url?: string;
  readonly httpTokenFile?: string;
}

export interface Answered {
  readonly url: string;
  readonly status: number;
  readonly body: unknown;
}

/** How long it may take, and with a body that it is a command. */
export interface Asked {
  readonly body?: unknown;
  readonly timeoutMs: number;
}

const usualTimeoutMs = 5_000;

/** `GET PATH` of a running control plane, or `POST`; rejects when none answers, or one that wants another token. */
export async function askControlPlane(
  path: string,
  options: ControlPlaneOptions,
  asked?: Asked,
): Promise<Answered> {
  const { httpHost, httpPort, httpTokenFile: file } = options;
  const token = file === undefined ? undefined : secretIn(file, (await readSource(file)).text, "token");
  const base = options.url?.replace(/\/+$/, "") ?? `http://${endpoint(httpHost, httpPort)}`;
  const url = `${base}${path}`;
  const answer = await fetch(url, {
    signal: AbortSignal.timeout(asked?.timeoutMs ?? usualTimeoutMs),
    ...(asked?.body === undefined ? {} : { method: "POST", body: JSON.stringify(asked.body) }),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    // A token is for the one that it is shown to.
    redirect: "error",
  })
    .then(async (response) => ({ url, status: response.status, body: (await response.json()) as unknown }))
    .catch((cause: unknown) => cause as Error);
  if (answer instanceof Error) throw noControlPlane(url, answer);
  if (answer.status !== 401) return answer;
  throw new WireError(
    "status",
    token === undefined
      ? `the control plane at ${url} wants a token: give its --http-token-file`
      : `the control plane at ${url} has another token`,
  );
}

/** What answers there is none, or nothing does. */
export function noControlPlane(url: string, cause?: unknown): WireError {
  return new WireError(
    "status",
    `no control plane answers at ${url}: start one by \`wire serve\` or \`wire up\`, or give its --http-port, --http-host or --url`,
    { cause },
  );
}
