import { request } from "node:http";
import { connect } from "node:http2";
import type { Answered, Examined } from "../doctor/examination.ts";
import type { Address } from "../xds/address-plan.ts";
import { endpoint } from "./endpoint.ts";

/** What services are asked. */
export interface ProbeRequest {
  readonly method: string;
  readonly path: string;
  readonly timeoutMs: number;
}

/** A message of gRPC without a field: not compressed, no bytes. */
const emptyMessage = Buffer.alloc(5);

/** Ask the first endpoint of a service that answers. */
export async function sendProbe(
  { service, protocol, endpoints, headers }: Examined,
  asked: ProbeRequest,
): Promise<Answered> {
  const send = protocol === "grpc" ? overHttp2 : overHttp1;
  let why = "it has no endpoint";
  for (const place of endpoints) {
    try {
      return { kind: "status", status: await send(place, { service, headers, asked }) };
    } catch (error) {
      why = `${endpoint(place.address, place.port)}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return { kind: "failed", why };
}

interface Sent extends Pick<Examined, "service" | "headers"> {
  readonly asked: ProbeRequest;
}

function overHttp1({ address, port }: Address, { service, headers, asked }: Sent): Promise<number> {
  const { method, path, timeoutMs } = asked;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = request({
      ...{ host: address, port, method, path, signal, agent: false },
      headers: { host: service, ...headers },
    });
    sent.on("response", (response) => {
      // The calls that it leads to may go on until its end.
      response.on("end", () => resolve(response.statusCode ?? 0));
      response.on("error", (error) => reject(reasonOf(error, signal, timeoutMs)));
      response.resume();
    });
    sent.on("error", (error) => reject(reasonOf(error, signal, timeoutMs)));
    sent.end();
  });
}

function overHttp2({ address, port }: Address, { service, headers, asked }: Sent): Promise<number> {
  const { method, path, timeoutMs } = asked;
  const isCall = method === "POST";
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const session = connect(`http://${endpoint(address, port)}`);
    const failed = (error: Error): void => {
      session.destroy();
      reject(reasonOf(error, signal, timeoutMs));
    };
    session.on("error", failed);
    signal.addEventListener("abort", () => failed(new Error("aborted")));
    const stream = session.request({
      ...{ ":method": method, ":path": path, ":authority": service, ...headers },
      ...(isCall ? { "content-type": "application/grpc", te: "trailers" } : {}),
    });
    let status = 0;
    stream.on("response", (response) => {
      status = response[":status"] ?? 0;
    });
    stream.on("error", failed);
    stream.on("close", () => {
      session.destroy();
      if (status > 0) resolve(status);
      else reject(reasonOf(new Error("it has closed the stream"), signal, timeoutMs));
    });
    stream.resume();
    stream.end(isCall ? emptyMessage : undefined);
  });
}

function reasonOf(error: Error, signal: AbortSignal, timeoutMs: number): Error {
  return signal.aborted ? new Error(`no answer within ${timeoutMs / 1_000} s`) : error;
}
