import { WireError } from "../error/wire-error.ts";
import { endpoint } from "./endpoint.ts";
import type { ExitCode } from "./main.ts";
import { readSource } from "./read-files.ts";
import { createOutput } from "./report.ts";
import { type StatusReport, statusTable } from "./status-table.ts";
import { tokenIn } from "./token-in.ts";

export interface StatusOptions {
  readonly httpHost: string;
  readonly httpPort: number;
  /** Of the HTTP API; instead of host and port. */
  readonly url?: string;
  readonly httpTokenFile?: string;
  readonly json?: boolean;
}

const timeoutMs = 5_000;

/** `wire status`: what a control plane knows of its proxies. */
export async function status(_: readonly string[], options: StatusOptions): Promise<ExitCode> {
  const output = createOutput({ json: options.json === true });
  const { url, httpHost, httpPort, httpTokenFile: path } = options;
  const token = path === undefined ? undefined : tokenIn(path, (await readSource(path)).text);
  const base = url?.replace(/\/+$/, "") ?? `http://${endpoint(httpHost, httpPort)}`;
  const report = await ask(`${base}/status`, token);
  if (output.json) output.print(JSON.stringify(report));
  else for (const line of statusTable(report)) output.print(line);
  return 0;
}

async function ask(url: string, token: string | undefined): Promise<StatusReport> {
  const answer = await fetch(url, {
    signal: AbortSignal.timeout(timeoutMs),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    // A token is for the one that it is shown to.
    redirect: "error",
  })
    .then(async (response) => ({ status: response.status, body: (await response.json()) as unknown }))
    .catch((cause: unknown) => cause as Error);
  if (!(answer instanceof Error)) {
    const { status: code, body } = answer;
    if (code === 200 && typeof body === "object" && body !== null && "proxies" in body)
      return body as StatusReport;
    if (code === 401)
      throw new WireError(
        "status",
        token === undefined
          ? `the control plane at ${url} wants a token: give its --http-token-file`
          : `the control plane at ${url} has another token`,
      );
  }
  throw new WireError(
    "status",
    `no control plane answers at ${url}: start one by \`wire serve\` or \`wire up\`, or give its --http-port, --http-host or --url`,
    { cause: answer },
  );
}
