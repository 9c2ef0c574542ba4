import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createFeed } from "./feed.ts";

/** Whether it settles within a moment. */
async function settles(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), sleep(20).then(() => false)]);
}

test("followers get the latest value, also those who come later, and only when it changed", () => {
  const feed = createFeed<string>();
  const seen: string[] = [];
  feed.follow(({ value }) => seen.push(`a ${value}`));
  expect(feed.publish("one")).toBe(true);
  expect(feed.publish("one")).toBe(false);
  feed.follow(({ value }) => seen.push(`b ${value}`)).stop();
  feed.publish("two");
  expect(seen).toEqual(["a one", "b one", "a two"]);
});

test("a follower with a name is waited for, one without is not", async () => {
  const feed = createFeed<string>();
  feed.follow(() => {});
  feed.publish("one");
  expect(await settles(feed.acknowledged(1_000))).toBe(true);
  feed.follow(() => {}, "services");
  const acknowledged = feed.acknowledged(1_000);
  expect(await settles(acknowledged)).toBe(false);
  feed.acknowledge("services", "another revision");
  expect(await settles(acknowledged)).toBe(false);
  feed.acknowledge("services", feed.latest?.revision ?? "");
  expect(await settles(acknowledged)).toBe(true);
});

test("a follower that lost its connection is waited for until it is back, or has been away too long", async () => {
  const feed = createFeed<string>({ awayMsMax: 100 });
  const before = feed.follow(() => {}, "services");
  feed.publish("one");
  before.stop();
  const acknowledged = feed.acknowledged(1_000);
  expect(await settles(acknowledged)).toBe(false);
  const back = feed.follow(() => {}, "services");
  await sleep(150);
  expect(await settles(acknowledged)).toBe(false);
  feed.acknowledge("services", feed.latest?.revision ?? "");
  expect(await settles(acknowledged)).toBe(true);

  back.stop();
  feed.publish("two");
  const gone = feed.acknowledged(1_000);
  expect(await settles(gone)).toBe(false);
  await gone;
  expect(feed.followers).toEqual([]);
  expect(feed.acknowledge("services", "")).toBe(false);
});

test("a follower that another process knew is waited for before it has come", async () => {
  const feed = createFeed<string>({ awayMsMax: 1_000 });
  feed.expect(["services"]);
  feed.publish("one");
  expect(await settles(feed.acknowledged(5_000))).toBe(false);
});

test("who does not answer is named", async () => {
  const feed = createFeed<string>();
  feed.follow(() => {}, "services");
  feed.publish("one");
  await expect(feed.acknowledged(10)).rejects.toThrow("no answer within 0.01 s from services");
});

test("a value that comes back after another one is not acknowledged by who had it before", async () => {
  const feed = createFeed<string>();
  feed.follow(() => {}, "services");
  feed.publish("one");
  feed.acknowledge("services", feed.latest?.revision ?? "");
  feed.publish("two");
  feed.publish("one");
  expect(await settles(feed.acknowledged(1_000))).toBe(false);
  feed.acknowledge("services", feed.latest?.revision ?? "");
  expect(await settles(feed.acknowledged(1_000))).toBe(true);
});
