import { Connection, Flow } from "proxy-wasm-as";

export const context = "api -> db";
export const side = "ingress";

export function onConnection(connection: Connection): Flow {
  connection.close();
  return Flow.Pause;
}
