import { WireError } from "../error/wire-error.ts";

/** What the HTTP API of a control plane on this machine answers, JSON. */
export interface ControlPlaneAnswer {
  readonly status: number;
  readonly value: object;
}

/** `GET`, or `POST` with a body; rejects when no control plane answers within the time. */
export async function askControlPlane(
  { httpPort, path }: { readonly httpPort: number; readonly path: string },
  timeoutMs: number,
  body?: unknown,
): Promise<ControlPlaneAnswer> {
  const url = `http://127.0.0.1:${httpPort}${path}`;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    const value: unknown = await response.json();
    if (typeof value !== "object" || value === null) throw new Error(`it answers ${response.status}`);
    return { status: response.status, value };
  } catch (cause) {
    throw new WireError(
      "status",
      `no control plane answers at ${url}: start one by \`wire serve\` or \`wire up\`, or give its --http-port`,
      { cause },
    );
  }
}
