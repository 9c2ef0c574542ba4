import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { deltaAggregated } from "./methods.ts";

/** A connection whose streams say what a test tells them, whether it is a message or not. */
export interface RawConnection {
  readonly open: (path?: string) => RawStream;
  readonly session: ClientHttp2Session;
  readonly close: () => void;
}

export interface RawStream {
  readonly stream: ClientHttp2Stream;
  /** What the server said last of it. */
  readonly status: Promise<{ readonly code: number; readonly message: string }>;
  /** Resolves when neither end can say anything more. */
  readonly closed: Promise<unknown>;
}

export function rawConnection(port: number): RawConnection {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  return {
    session,
    open: (path = deltaAggregated.path) => {
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: "POST",
        [constants.HTTP2_HEADER_PATH]: path,
        [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
        te: "trailers",
      });
      stream.on("error", () => {});
      stream.resume();
      return {
        stream,
        status: once(stream, "trailers").then(([trailers]) => ({
          code: Number(trailers["grpc-status"]),
          message: String(trailers["grpc-message"] ?? ""),
        })),
        closed: once(stream, "close"),
      };
    },
    close: () => session.destroy(),
  };
}

/** What stands before a message of so many bytes. */
export function head(bytes: number): Buffer {
  const written = Buffer.alloc(5);
  written.writeUInt32BE(bytes, 1);
  return written;
}
