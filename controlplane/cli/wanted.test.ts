import { expect, test } from "vitest";
import { sourcesHash } from "../history/revision.ts";
import type { Source } from "../language/source.ts";
import type { Build, Input } from "../pipeline/build.ts";
import { type Attempt, createWanted } from "./wanted.ts";

const policies = (text: string): readonly Source[] => [{ path: "a.cup", text }];
const mesh = (text: string): Source => ({ path: "mesh.yaml", text });
const words = ({ policies: [policy], mesh: { text } }: Input): string => `${policy?.text} ${text}`;

/** Builds that become what `becomes` says of them, and are in force then. */
function setUp(becomes: (input: Input) => Attempt) {
  let inForce: Input = { policies: policies("p1"), mesh: mesh("m1") };
  let turns: Promise<unknown> = Promise.resolve();
  const tried: string[] = [];
  const files: string[] = [];
  const wanted = createWanted({
    initial: inForce,
    files: { policies: "p1", mesh: "m1" },
    inForce: () => inForce,
    build: async (input) => ({ input }) as Build,
    async rollOut({ input }, its) {
      const became = becomes(input);
      tried.push(`${words(input)}: ${became}`);
      files.push(its.policies);
      await Promise.resolve();
      if (became === "taken") inForce = input;
      return became;
    },
    inTurn: (act) => {
      const mine = turns.then(act);
      turns = mine;
      return mine;
    },
  });
  /** When nothing is left to be done. */
  const quiet = async (): Promise<readonly string[]> => {
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    return tried.splice(0);
  };
  return { wanted, quiet, files, inForce: () => words(inForce) };
}

test("where services are does not wait for policies that wait for proxies, and these are tried again with it", async () => {
  let isAway = true;
  const { wanted, quiet, files } = setUp(({ policies: [policy] }) =>
    policy?.text === "p2" && isAway ? "postponed" : "taken",
  );
  await wanted.policiesSaved(policies("p2"));
  expect(await quiet()).toEqual(["p2 m1: postponed"]);
  await wanted.meshSaved(mesh("m2"));
  expect(await quiet()).toEqual(["p1 m2: taken", "p2 m2: postponed"]);
  // A restart takes the policies from their files again.
  expect(files.slice(1)).toEqual([sourcesHash(policies("p1")), sourcesHash(policies("p2"))]);
  isAway = false;
  await wanted.tryAgain();
  expect(await quiet()).toEqual(["p2 m2: taken"]);
});

test("what was saved with policies that are not taken is taken without them", async () => {
  const { wanted, quiet, inForce } = setUp(({ policies: [policy] }) =>
    policy?.text === "p2" ? "refused" : "taken",
  );
  void wanted.policiesSaved(policies("p2"));
  await wanted.meshSaved(mesh("m2"));
  await quiet();
  expect(inForce()).toBe("p1 m2");
  await wanted.meshSaved(mesh("m3"));
  expect(await quiet()).toEqual(["p1 m3: taken"]);
});

test("a mesh that is not taken is not tried for ever", async () => {
  for (const became of ["refused", "postponed"] as const) {
    const { wanted, quiet } = setUp(() => became);
    await wanted.meshSaved(mesh("m2"));
    expect(await quiet()).toEqual([`p1 m2: ${became}`]);
    await wanted.policiesSaved(policies("p2"));
    expect(await quiet()).toEqual([`p2 m2: ${became}`, `p1 m2: ${became}`]);
  }
});

test("what was gone back to counts until it is not taken, or files are saved", async () => {
  const { wanted, quiet } = setUp(() => "taken");
  const to = { policies: policies("p0"), mesh: mesh("m0") };
  await wanted.goBack(to, Promise.resolve("refused"));
  await wanted.tryAgain();
  expect(await quiet()).toEqual(["p1 m1: taken"]);
  await wanted.goBack(to, Promise.resolve("taken"));
  await wanted.meshSaved(mesh("m2"));
  expect(await quiet()).toEqual(["p0 m2: taken"]);
});
