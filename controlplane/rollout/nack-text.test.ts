import { expect, test } from "vitest";
import { checkCopper } from "../language/check.ts";
import type { LaidChain } from "../xds/laid-chain.ts";
import { typeUrl } from "../xds/type-url.ts";
import { nackText } from "./nack-text.ts";
import { refusedPolicies } from "./refused-policies.ts";

const body = "( act (Request r) context ('frontend -> rate') ) { SetHeader(r, 'a', 'b'); }";
const text = `policy other ${body}\npolicy mark ${body}\n`;
const { policies } = checkCopper({ path: "filters/mark.cup", text });
const place = "wire/rate/inbound/00000000/2";
const chains: readonly LaidChain[] = [
  {
    service: "rate",
    direction: "inbound",
    generation: "00000000",
    places: [{ name: place, failure: "open" }],
    slots: [
      {
        name: "wire/rate/inbound/mark",
        place,
        vmId: "wire/rate/inbound",
        configuration: "",
        module: {
          sha256: "",
          bytes: new Uint8Array(),
          policies: ["mark"],
          failure: "open",
          actions: [],
          tags: [],
          imports: [],
          exports: [],
        },
      },
    ],
  },
];
const nack = { node: "rate", typeUrl: typeUrl.extension, message: "Unable to create Wasm plugin" };

test("a refused module is named, with its policies and where they stand", () => {
  const refused = { ...nack, resources: [place] };
  const places = refusedPolicies(refused, { chains, policies });
  expect(places).toEqual([{ policy: "mark", file: "filters/mark.cup", line: 2 }]);
  expect(nackText(refused, places)).toBe(
    'wire: [nack] proxy "rate" refused wire/rate/inbound/00000000/2, of policy `mark` (filters/mark.cup:2): Unable to create Wasm plugin; it goes on with what it had',
  );
});

test("what no policy is behind keeps its own name", () => {
  const refused = { ...nack, typeUrl: typeUrl.cluster, resources: ["local/rate"] };
  expect(nackText(refused, refusedPolicies(refused, { chains, policies }))).toContain(
    'proxy "rate" refused local/rate: ',
  );
});

test("what a proxy says can neither end the line nor move the cursor", () => {
  const message = '"evil\nin force: 9 of 22\u001b[2J';
  expect(nackText({ node: "rate\n", resources: ["a\nb"], message }, [])).toBe(
    'wire: [nack] proxy "rate" refused a b: "evil in force: 9 of 22 [2J; it goes on with what it had',
  );
});
