/** A mesh in which contexts differ in who calls whom, for policies that come, go and move. The endpoints of two of its services are named. */
export const changingMesh = (endpoints: ChangingEndpoints): string => `name: changing
identity: address
services:
  web: { entry: true }
  api: {}
  rate: { replicas: 2 }
  geo: {}
calls: { web: [api, rate], api: [rate, geo] }
endpoints:
${Object.entries(endpoints)
  .map(
    ([service, places]) =>
      `  ${service}: [${places.map((address) => `{ address: ${address}, port: 8080 }`).join(", ")}]`,
  )
  .join("\n")}
`;

/** By service where it listens. */
export type ChangingEndpoints = Readonly<Record<"api" | "geo", readonly string[]>>;

export const allEndpoints: ChangingEndpoints = {
  api: ["127.3.1.1", "127.3.1.2", "127.3.1.3"],
  geo: ["127.3.2.1", "127.3.2.2", "127.3.2.3"],
};

/** Contexts of policies for it, each of calls that its last two services are. */
export const changingContexts = [
  "web",
  "web -> api",
  "web -> rate",
  "[web, api] -> rate",
  "api -> rate",
  "api -> geo",
  "api -> [rate, geo]",
] as const;
