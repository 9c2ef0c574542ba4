import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { WireError } from "../../controlplane/error/wire-error.ts";
import { treeHeader } from "./forwarded-headers.ts";
import type { CallTree, EmulatedAnswer, EmulatedService } from "./service.ts";
import { work } from "./work.ts";

/** What a service is asked: its headers as name, value, name, value. */
export type Handle = (path: string, rawHeaders: readonly string[]) => Promise<Handled>;

/** The tree, and what to answer in its place where the request asks for that. */
export interface Handled {
  readonly tree: CallTree;
  readonly answer?: EmulatedAnswer;
}

/**
 * Connections that may wait to be accepted, as the kernel allows by default. Of a queue of 511, Node's default, a busy
 * machine's burst is let in by SYN cookies and reset later, which no client can tell from a policy's fault.
 */
const backlog = 4_096;

/** Listen at the service's address. The result closes the listener and every connection. */
export async function listen(service: EmulatedService, handle: Handle): Promise<() => Promise<void>> {
  const server = createServerFor(service, handle);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const place = `${service.address}:${service.port}`;
      const used = "code" in cause && cause.code === "EADDRINUSE";
      const message = used
        ? `${place} is in use: is another \`wire up\` running on this machine?`
        : `service ${service.service} cannot listen on ${place}: ${cause.message}`;
      reject(new WireError("emulator-listen", message, { cause }));
    });
    server.listen({ port: service.port, host: service.address, backlog }, resolve);
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
}

function createServerFor(service: EmulatedService, handle: Handle): Server {
  switch (service.protocol) {
    case "http": {
      const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
        request.resume();
        void handle(request.url ?? "/", request.rawHeaders).then((handled) => {
          const { status, headers, body } = answerOf(handled);
          response.writeHead(status, headers.flat());
          for (const piece of body) response.write(piece);
          response.end();
        });
      });
      // One who asks for another protocol, as a WebSocket does, is told the tree and then gets back whatever is said.
      server.on("upgrade", (request, socket) => {
        void handle(request.url ?? "/", request.rawHeaders).then(({ tree }) => {
          const lines = [
            "HTTP/1.1 101 Switching Protocols",
            "connection: upgrade",
            `upgrade: ${request.headers.upgrade}`,
            `${treeHeader}: ${base64(tree)}`,
          ];
          socket.write(`${lines.join("\r\n")}\r\n\r\n`);
          socket.pipe(socket);
        });
      });
      return server;
    }
    case "grpc":
      return createHttp2Server((request, response) => {
        request.resume();
        void handle(request.url, request.rawHeaders).then((handled) => {
          if (response.stream?.destroyed !== false) return;
          const { status, headers, body } = answerOf(handled);
          response.writeHead(status, Object.fromEntries(headers));
          for (const piece of body) response.write(piece);
          response.end();
        });
      });
    case "tcp":
      return createTcpServer((socket) => {
        let pending = "";
        socket.on("data", (chunk) => {
          const lines = (pending + chunk.toString()).split("\n");
          pending = lines.pop() ?? "";
          for (const _ of lines) void work(service.work).then(() => socket.write(`OK ${service.service}\n`));
        });
      });
    default:
      return service.protocol satisfies never;
  }
}

function answerOf({ tree, answer }: Handled): EmulatedAnswer {
  const text = JSON.stringify(tree);
  if (answer === undefined)
    return { status: tree.status, headers: [["content-type", "application/json"]], body: [`${text}\n`] };
  return { ...answer, headers: [...answer.headers, [treeHeader, base64(tree)]] };
}

function base64(tree: CallTree): string {
  return Buffer.from(JSON.stringify(tree)).toString("base64");
}
