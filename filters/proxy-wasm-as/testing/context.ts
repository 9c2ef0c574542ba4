import { status } from "../abi/table.ts";
import type { Buffer } from "./buffer.ts";
import type { HeaderMap } from "./header-map.ts";
import type { ReplyBytes } from "./local-reply.ts";
import type { LogLine } from "./log-line.ts";
import type { Root } from "./root.ts";

/** What a module looks at: the root context of a plugin, a request or a connection. */
export interface Context {
  readonly id: number;
  readonly root: Root;
  readonly logs: LogLine[];
  readonly calls: string[];
  readonly isLogging: boolean;
  /** The headers (0, 2) and trailers (1, 3) that can be changed now; null when the host does not have them at hand. */
  map(kind: number): HeaderMap | null;
  /** The same to read, which is possible while logging too. */
  readableMap(kind: number): HeaderMap | null;
  /** Bodies (0, 1) and the data of connections (2, 3). */
  buffer(kind: number): Buffer | null;
  property(key: string): Uint8Array | undefined;
  setProperty(name: string, value: Uint8Array): number;
  /** Envoy's own filter state, under the names that it has a use for. */
  setFilterState(path: string, value: Uint8Array): number;
  reply(reply: ReplyBytes): void;
  /** Let go on, or close: the request (0), the response (1), downstream (2), upstream (3). */
  resume(stream: number): number;
  close(stream: number): number;
}

/** What a context that is neither a request nor a connection does, and those where it is nothing to them. */
export const plainContext: Pick<
  Context,
  | "isLogging"
  | "map"
  | "readableMap"
  | "buffer"
  | "property"
  | "setProperty"
  | "setFilterState"
  | "reply"
  | "resume"
  | "close"
> = {
  isLogging: false,
  map: () => null,
  readableMap: () => null,
  buffer: () => null,
  property: () => undefined,
  setProperty: () => status.notFound,
  setFilterState: () => status.notFound,
  reply: () => undefined,
  resume: (stream) => (stream === 3 ? status.unimplemented : status.ok),
  close: () => status.ok,
};
