import { connect } from "node:net";
import type { Application } from "../eval/application.ts";
import type { AddressPlan } from "../xds/address-plan.ts";
import type { EvalMesh } from "./eval-mesh.ts";

/** Of nobody in the mesh. */
const stranger = "127.0.0.1";
const timeoutMs = 5_000;

/**
 * Open connections to each store, as those who may and as a stranger, and see who gets an answer. What is wrong, a line for each; none: the policies
 * are enforced.
 */
export async function storeFaults(
  mesh: EvalMesh,
  { covered }: Application,
  addresses: AddressPlan,
): Promise<readonly string[]> {
  const faults = Object.entries(covered.p2?.allowed ?? {}).flatMap(([store, callers]) =>
    callers.flatMap((caller) => {
      const [target] = mesh.bare(caller, store);
      if (target === undefined) return [Promise.resolve([`nobody says where ${caller} finds ${store}`])];
      const { address } = addresses.service(caller);
      return [
        isAnswered(target, address).then((answered) =>
          answered ? [] : [`${caller} may open a connection to ${store}, and got no answer`],
        ),
        isAnswered(target, stranger).then((answered) =>
          answered ? [`a stranger may open no connection to ${store}, and got an answer`] : [],
        ),
      ];
    }),
  );
  return (await Promise.all(faults)).flat();
}

function isAnswered(
  { address, port }: { readonly address: string; readonly port: number },
  localAddress: string,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, localAddress }, () => socket.write("GET\n"));
    const done = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(timeoutMs, () => done(false));
    socket
      .once("data", () => done(true))
      .once("error", () => done(false))
      .once("close", () => done(false));
  });
}
