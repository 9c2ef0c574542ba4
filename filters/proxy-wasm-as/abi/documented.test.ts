import { expect, test } from "vitest";
import { publicMembers } from "../build/public-members.ts";
import { hostFunctions, wasiFunctions } from "./table.ts";

const calls = /`((?:proxy|random|environ|clock|fd)_\w+)`/g;
const none = /No call of the host\b/;
const members = publicMembers();
const nameOf = ({ of, name }: { readonly of: string; readonly name: string }): string =>
  of === "" ? name : `${of}.${name}`;

test("what filters may use is documented", () => {
  expect(members.length).toBeGreaterThan(250);
  for (const known of [
    "Headers.getAll",
    "HttpCall.timeoutMs",
    "shared.update",
    "properties.request.path",
    "Status.Ok",
    "Response.reply",
    "GrpcCall.method",
  ])
    expect(members.map(nameOf)).toContain(known);
  const mute = members.filter(({ doc = "" }) => doc.length < 10);
  expect(mute.map(nameOf)).toEqual([]);
});

test("each says which call of the host is beneath, or that there is none", () => {
  const silent = members.filter((member) => {
    const { kind, of, doc = "" } = member;
    // Of the fields of an object that is given to a call, or comes of one, it is said where that is.
    const said = kind === "field" ? (members.find((each) => nameOf(each) === of)?.doc ?? "") : doc;
    const isAsked = kind === "function" || kind === "field";
    return isAsked && !none.test(said) && said.match(calls) === null;
  });
  expect(silent.map(nameOf)).toEqual([]);
});

test("the calls that are named are in the table", () => {
  const named = new Set(
    members.flatMap(({ doc = "" }) => [...doc.matchAll(calls)].map(([, name = ""]) => name)),
  );
  const callbacks = [...named].filter((name) => name.startsWith("proxy_on_"));
  const unknown = [...named].filter((name) => !(name in hostFunctions) && !(name in wasiFunctions));
  expect(unknown).toEqual(callbacks);
  expect(named.size).toBeGreaterThan(30);
  // Those that nothing in the SDK says are beneath it.
  const beneath = [...Object.keys(hostFunctions)].filter((name) => !named.has(name));
  expect(beneath).toEqual([]);
});
