import type { Call, StartTransport } from "../../../controlplane/server/transport.ts";

/** A transport with nothing above it, once it is told so. */
export interface Alone {
  readonly start: StartTransport;
  /** From now on what is sent to one is sent to all, and only that one is heard. */
  readonly begin: () => void;
  readonly calls: () => number;
}

/** What a carrier costs by itself: clients are served as ever until all have what they ask for, and from then on nobody looks who has what. */
export function alone(carrier: StartTransport): Alone {
  const calls = new Set<Call>();
  let [isAlone, heard]: [boolean, Call | undefined] = [false, undefined];
  return {
    start: (options) =>
      carrier({
        ...options,
        accept: (call) => {
          calls.add(call);
          const end = options.accept({
            ...call,
            send: (pieces) => {
              if (!isAlone) return call.send(pieces);
              heard = call;
              for (const each of calls) each.send(pieces);
              return true;
            },
          });
          return {
            ...end,
            message: (bytes) => {
              if (!isAlone || call === heard) end.message(bytes);
            },
            ended: () => {
              calls.delete(call);
              end.ended();
            },
          };
        },
      }),
    begin: () => {
      isAlone = true;
    },
    calls: () => calls.size,
  };
}
