import { expect, test } from "vitest";
import type { Chain } from "../codegen/module.ts";
import { checkCopper } from "../language/check.ts";
import { typeUrl } from "../xds/type-url.ts";
import { nackText } from "./nack-text.ts";

const body = "( act (Request r) context ('frontend -> rate') ) { SetHeader(r, 'a', 'b'); }";
const text = `policy mark ${body}\npolicy other ${body}\n`;
const { policies } = checkCopper({ path: "filters/mark.cup", text });
const name = "wire/rate/inbound/mark";
const chains: readonly Chain[] = [
  {
    service: "rate",
    direction: "inbound",
    slots: [
      {
        name,
        vmId: name,
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

test("a refused module is named by its policies and where they stand", () => {
  expect(nackText({ ...nack, resources: [name] }, { chains, policies })).toBe(
    'wire: [nack] proxy "rate" refused policy `mark` (filters/mark.cup): Unable to create Wasm plugin; it goes on with what it had',
  );
});

test("what no policy is behind keeps its own name", () => {
  const refused = { ...nack, typeUrl: typeUrl.cluster, resources: ["local/rate"] };
  expect(nackText(refused, { chains, policies })).toContain('proxy "rate" refused local/rate: ');
});
