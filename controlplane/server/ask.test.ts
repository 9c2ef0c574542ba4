import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DeltaDiscoveryRequestSchema } from "../xds/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { readAsk } from "./ask.ts";

const few = fc.array(fc.string(), { maxLength: 2 });
const request = fc.record(
  {
    node: fc.record({ id: fc.string(), cluster: fc.string() }),
    typeUrl: fc.string(),
    responseNonce: fc.string(),
    resourceNamesSubscribe: few,
    resourceNamesUnsubscribe: few,
    initialResourceVersions: fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.string(), { maxKeys: 2 }),
    errorDetail: fc.record({ code: fc.nat(16), message: fc.string() }),
    resourceLocatorsSubscribe: fc.array(fc.record({ name: fc.string() }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

test("a later message is read as a first one is, but for who says it", () => {
  fc.assert(
    fc.property(request, (drawn) => {
      const bytes = toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, drawn));
      const { node: _, ...first } = readAsk("delta", bytes, true) ?? {};
      const { node: __, ...later } = readAsk("delta", bytes, false) ?? {};
      expect(later).toEqual(first);
    }),
    { numRuns: 1_000 },
  );
});

test("bytes that are no message are none, first or not", () => {
  for (const isFirst of [true, false])
    for (const bytes of [[0x12, 5, 0x61], [0x0a, 5, 1], [0x12, 0x80], [7]])
      expect(readAsk("delta", Uint8Array.from(bytes), isFirst)).toBeUndefined();
});
