/** What drafts of policies and of requests are made of: few words, so that they meet. */
export const headerNames = ["x-a", "x-b", "x-c", "X-D", "content-type"] as const;

export const texts = [
  "",
  "a",
  " b\\t",
  "b",
  "ab",
  "A",
  "1",
  "10",
  "-5",
  "é",
  "a,b",
  "true",
  "9223372036854775807",
  "-9223372036854775808",
  "9223372036854775808",
  "x y",
  "100%",
] as const;

/** Bytes that are not UTF-8, and what may upset a reader of numbers, lists or escapes. */
export const oddValues: readonly (readonly number[])[] = [
  [0xff],
  [0x61, 0xff],
  [0xc3],
  [0xc3, 0xa9, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf0, 0x9f, 0x98, 0x80],
  [0x80, 0x62],
  [0x09, 0x61],
  [0x2b, 0x35],
  [0x30, 0x30, 0x37],
];

export const metricNames = ["hits", "x.y"] as const;
/** The host, unlike Envoy, has one room for counters and histograms. */
export const histogramNames = ["ms", "x.z"] as const;
/** The host does not tell a tag that is set once more to what it was: requests have none of these. */
export const answerTagNames = ["answer", "x.w"] as const;
export const claimPaths = ["sub", "role", "n", "groups", "nested.x", "nested", "none"] as const;
export const queryNames = ["x", "y", "z", "a b", "none"] as const;
export const jsonPaths = ["user.name", "id", "user", "tags", "ok", "none", "user.none"] as const;
export const limits = [1, 5, 16, 64, 1024, 65_536] as const;
/** The service that has these versions. */
export const versioned = "b";
/** The service that takes connections, and no requests. */
export const store = "s";
export const versions = ["v1", "v2"] as const;

export const paths = [
  "/",
  "/a",
  "/a/b",
  "/a?x=1",
  "/a?x=%41&y=&x=2",
  "/?y=a%2Fb&z",
  "/b?a%20b=1&x=%zz",
  "/%41?x",
  "/a?x=a+b&y=%C3%A9&z=%ff",
] as const;

export const bodies = [
  "",
  "a",
  '{"user":{"name":"a"},"id":10}',
  '{ "user" : { "name" : "\\u00e9\\n" , "x": null } , "tags": [1, "b", {}], "ok": true }',
  '{"id":-1.5e3,"ok":false,"user":"ab"}',
  '{"id":10,}',
  '{"id":01}',
  '{"id":10} x',
  '["id"]',
  '"id"',
  '{"none_":{"user":{"name":"b"}},"user":[],"id":"9223372036854775807"}',
  "true,ab",
] as const;
