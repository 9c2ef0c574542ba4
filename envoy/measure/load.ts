// A process of its own that makes HTTP/2 requests over one connection: told a port and a number, it says `true` when so many were answered.
// The frames are written once and only their stream's number changes, so that it costs less than what it measures.
import { connect, type Socket } from "node:net";
import { requestHeaders } from "./request-headers.ts";

/** What is asked of this process, one at a time. */
export interface Ask {
  readonly address: string;
  readonly port: number;
  /** Beside `requestHeaders`; the same ones whenever this port is asked. */
  readonly headers: readonly (readonly [string, string])[];
  readonly requests: number;
  /** How many are under way at once. */
  readonly inFlight: number;
}

const HEADERS = 1;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const END_STREAM = 1;
const ACK = 1;
/** END_STREAM and END_HEADERS. */
const WHOLE = 5;

const connections = new Map<string, Connection>();

interface Connection {
  ask(ask: Ask): Promise<void>;
}

function open({ address, port, headers }: Ask): Connection {
  const socket = connect(port, address);
  socket.setNoDelay(true);
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(0)));
  const request = frame(HEADERS, WHOLE, 0, block([...requestHeaders, ...headers]));
  let stream = 1;
  let unasked = 0;
  let unanswered = 0;
  let inFlightMax = 1;
  let done = (): void => {};
  const send = (count: number): void => {
    const batch = Buffer.alloc(request.length * count);
    for (let n = 0; n < count; n++) {
      request.copy(batch, n * request.length);
      batch.writeUInt32BE(stream, n * request.length + 5);
      stream += 2;
    }
    socket.write(batch);
    unasked -= count;
  };
  readFrames(socket, {
    frame(type, flags, body) {
      if (type === SETTINGS && (flags & ACK) === 0) socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
      if (type === PING && (flags & ACK) === 0) socket.write(frame(PING, ACK, 0, body));
      if (type === GOAWAY) throw new Error(`the proxy closes the connection: ${body.toString("latin1", 8)}`);
      if (type === HEADERS) expectOk(body);
      if ((flags & END_STREAM) !== 0 && type <= HEADERS) unanswered--;
    },
    end() {
      const more = Math.min(unasked, inFlightMax - (unanswered - unasked));
      if (more > 0) send(more);
      if (unanswered === 0) done();
    },
  });
  return {
    ask: ({ requests, inFlight }) =>
      new Promise((resolve, reject) => {
        socket.once("error", reject);
        socket.once("close", () => reject(new Error("the connection was closed")));
        done = () => {
          socket.removeAllListeners("error").removeAllListeners("close");
          resolve();
        };
        unasked = requests;
        unanswered = requests;
        inFlightMax = inFlight;
        send(Math.min(requests, inFlight));
      }),
  };
}

interface Handlers {
  frame(type: number, flags: number, body: Buffer): void;
  /** Nothing more has arrived. */
  end(): void;
}

function readFrames(socket: Socket, handlers: Handlers): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + 9 <= bytes.length) {
      const end = at + 9 + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      handlers.frame(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, bytes.subarray(at + 9, end));
      at = end;
    }
    rest = bytes.subarray(at);
    handlers.end();
  });
}

/** `:status: 200` is the eighth entry of HPACK's table. A filter that has failed answers 503, fast, and must not be measured. */
function expectOk(body: Buffer): void {
  if (body[0] !== 0x88)
    throw new Error(`an answer that does not begin with status 200: ${body.toString("hex")}`);
}

function frame(type: number, flags: number, stream: number, body: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** Each header as itself, without table and Huffman code. */
function block(headers: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
  return Buffer.from(headers.flatMap(([name, value]) => [0, ...text(name), ...text(value)]));
}

// Whoever asks is gone.
process.once("disconnect", () => process.exit());

process.on("message", async (message) => {
  const ask = message as Ask;
  const place = `${ask.address}:${ask.port}`;
  const connection = connections.get(place) ?? open(ask);
  connections.set(place, connection);
  await connection.ask(ask);
  process.send?.(true);
});
