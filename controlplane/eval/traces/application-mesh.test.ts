import { describe, expect, test } from "vitest";
import { createObservations } from "../../mesh/traces/observations.ts";
import { applicationMesh } from "./application-mesh.ts";

function application(seed = 1) {
  const observations = createObservations();
  const observer = observations.on("rows");
  observer.fromOutside("Front_End", "http");
  observer.call("Front_End", "search", "grpc");
  observer.call("search", "cache", "tcp");
  observer.call("elsewhere", "Front_End", "http");
  observer.call("elsewhere", "other", "http");
  for (const id of ["1", "2", "3"]) observer.instance("search", id);
  return applicationMesh(
    { name: "S_1", entry: "Front_End", requests: 7, observed: observations.result() },
    seed,
  );
}

describe("applicationMesh", () => {
  test("is what the entry leads to, and nothing else takes requests from outside", () => {
    const { name, requests, mesh } = application();
    expect({ name, requests }).toEqual({ name: "S_1", requests: 7 });
    expect([...mesh.services.values()].map((each) => [each.name, each.entry, each.protocol])).toEqual([
      ["cache", false, "tcp"],
      ["front-end", true, "http"],
      ["search", false, "grpc"],
    ]);
    expect(mesh.calls.map(({ from, to }) => `${from} ${to}`)).toEqual(["front-end search", "search cache"]);
  });

  test("a queue is between who sends messages and who takes them", () => {
    const observations = createObservations();
    const observer = observations.on("rows");
    observer.call("a", "mailer", "tcp");
    observer.call("a", "store", "tcp");
    observer.call("mailer", "smtp", "http");
    const found = { name: "a", entry: "a", requests: 1, observed: observations.result() };
    const { mesh } = applicationMesh(found, 1);
    expect(mesh.calls.map(({ from, to }) => `${from} ${to}`)).toEqual(["a store", "mailer smtp"]);
    expect(mesh.services.get("mailer")).toMatchObject({ protocol: "http", port: 8080, origin: true });
    expect(mesh.services.get("store")).toMatchObject({ protocol: "tcp", origin: false });
  });

  test("replicas are the instances; where there are none they are drawn, by the seed, and counted", () => {
    const replicas = (seed: number) =>
      [...application(seed).mesh.services.values()].map((service) => service.replicas);
    expect(application().mesh.services.get("search")?.replicas).toBe(3);
    expect(application().drawnReplicas).toBe(2);
    expect(replicas(5)).toEqual(replicas(5));
    expect(new Set([1, 2, 3, 4].map((seed) => replicas(seed).join())).size).toBe(4);
  });
});
