/** A file of policies with YAML for Istio in the folder of this name. */
export interface Comparable {
  readonly name: string;
  /** The file, from the root of the repository. */
  readonly policy: string;
  /** The mesh that both are for, from the root of the repository. */
  readonly mesh: string;
  /** Other files that the policy needs, which count for nobody. */
  readonly imports: readonly string[];
  /** What both are asked, with the same answers: `CALLER -> CALLEE METHOD PATH name=value`, where the caller may be `outside`. */
  readonly requests: readonly string[];
  /** Whether every service tries to open a connection to every store, too, with both. */
  readonly connections: boolean;
  /** Which version answers says a hash, which each mesh has of its own: that it is one and the same is compared, not which. */
  readonly isOneOfVersions?: boolean;
  /** What is refused is compared by its status: its text is Envoy's there. */
  readonly isOfStatusAlone?: boolean;
  /** The headers, in lower case, that are looked at where services show what they got. */
  readonly shows: readonly string[];
  /** Where the YAML does something else than the policy. Absent where nobody knows of such a request. */
  readonly differs?: Difference;
}

export interface Difference {
  /** What of the policy Istio has no words for. */
  readonly cannotSay: string;
  /** With which requests one sees it. */
  readonly requests: string;
  /** One of each kind, as in `requests`: the answers are not the same. */
  readonly examples: readonly string[];
}

interface Part {
  readonly requests: readonly string[];
  /** Absent where by the mesh all requests have come the way that the context is for, so that the YAML is for all. */
  readonly differs?: Difference;
}

function application(name: string, p1: Part): readonly Comparable[] {
  const folder = `controlplane/eval/applications/${name}`;
  const both = { mesh: `${folder}/mesh.yaml`, imports: ["controlplane/eval/applications/dataplanes.cui"] };
  const [first, second] = [
    { name: `${name}-p1`, policy: `${folder}/p1.cup`, shows: ["x-entry"], connections: false },
    { name: `${name}-p2`, policy: `${folder}/p2.cup`, shows: [], connections: true },
  ];
  return [
    { ...both, ...first, ...p1 },
    { ...both, ...second, requests: [] },
  ];
}

const onHotel = { mesh: "examples/meshes/hotel-reservation.yaml", imports: [], connections: false };
const onBoutique = { mesh: "examples/meshes/online-boutique.yaml", imports: [], connections: false };

const canaryMesh = "controlplane/eval/lines/canary-by-cookie/mesh.yaml";

/** What there is in `controlplane/eval/applications`, `examples` and `filters` that Istio can say, or come near to. */
export const comparables: readonly Comparable[] = [
  ...application("bookinfo", {
    requests: ["outside -> productpage GET /", "reviews -> ratings GET /"],
  }),
  ...application("hotel-reservation", {
    requests: ["outside -> frontend GET /", "search -> rate GET /"],
  }),
  ...application("online-boutique", {
    requests: ["outside -> frontend GET /", "recommendationservice -> productcatalogservice GET /"],
  }),
  ...application("social-network", {
    requests: ["outside -> nginx-thrift GET /", "outside -> nginx-thrift GET / baggage=entry=other"],
    differs: {
      cannotSay: "a path: the YAML has compose-post say so in `baggage`, which the timelines hand on",
      requests: "what somebody outside sends with that `baggage`",
      examples: ["outside -> nginx-thrift GET / baggage=entry=compose-post"],
    },
  }),
  {
    name: "reviews-v2",
    policy: "examples/bookinfo/reviews-v2.cup",
    ...{ mesh: "examples/meshes/bookinfo.yaml", imports: [], connections: false },
    requests: [
      "productpage -> reviews GET /",
      "productpage -> reviews GET / x-canary=true",
      "productpage -> reviews GET / x-canary=yes",
    ],
    shows: [],
  },
  {
    ...onBoutique,
    name: "catalog-of-recommendation",
    policy: "examples/online-boutique/catalog-of-recommendation.cup",
    requests: [
      "recommendationservice -> productcatalogservice GET /",
      "recommendationservice -> productcatalogservice GET / x-detail=long",
      "checkoutservice -> productcatalogservice GET / x-detail=long",
      "frontend -> productcatalogservice GET /",
    ],
    shows: ["x-detail"],
  },
  {
    ...onBoutique,
    name: "cart-of-checkout",
    policy: "examples/online-boutique/cart-of-checkout.cup",
    requests: ["checkoutservice -> cartservice GET /", "frontend -> cartservice GET / x-order=mine"],
    shows: ["x-order"],
  },
  {
    ...onBoutique,
    name: "no-quotes-for-bots",
    policy: "examples/online-boutique/no-quotes-for-bots.cup",
    requests: [
      "frontend -> shippingservice GET / user-agent=bot",
      "frontend -> shippingservice GET / user-agent=robot",
      "frontend -> shippingservice GET /",
      "checkoutservice -> shippingservice GET / user-agent=bot",
    ],
    shows: [],
  },
  {
    ...onHotel,
    name: "hot-path",
    policy: "filters/hot-path/policy.cup",
    requests: ["outside -> frontend GET /", "outside -> frontend GET / critical=no", "search -> rate GET /"],
    shows: ["critical"],
  },
  {
    ...onHotel,
    name: "canary-rate",
    policy: "filters/canary-rate/policy.cup",
    requests: [
      "search -> rate GET /",
      "search -> rate GET / x-canary=true",
      "search -> rate GET / x-canary=no",
    ],
    shows: [],
  },
  {
    ...onHotel,
    name: "no-scrapers",
    policy: "filters/no-scrapers/policy.ts",
    requests: [
      "frontend -> search GET /",
      "frontend -> search GET / user-agent=scraper",
      "frontend -> search GET / user-agent=a-scraper/1",
      "frontend -> search GET / user-agent=Scraper",
      "frontend -> profile GET / user-agent=scraper",
    ],
    shows: [],
  },
  {
    name: "canary-by-cookie",
    policy: "filters/canary-by-cookie/policy.ts",
    mesh: canaryMesh,
    ...{ imports: [], connections: false },
    requests: [
      "frontend -> search GET /",
      "frontend -> search GET / cookie=canary=always",
      "frontend -> search GET / cookie=a=b;canary=always;c=d",
      "frontend -> search GET / cookie=canary=never",
      "frontend -> search GET / cookie=canary=always;canary=never",
      "frontend -> search GET / cookie=mycanary=always",
      "frontend -> search GET / cookie=session=",
    ],
    shows: [],
    differs: {
      cannotSay: "a percentage of users: in the YAML it is of requests",
      requests: "those of a user with a `session` who is among the five percent: he sees both versions",
      examples: ["frontend -> search GET / cookie=session=user8"],
    },
  },
  {
    ...onHotel,
    name: "redact-secrets",
    policy: "filters/redact-secrets/policy.ts",
    requests: [
      "frontend -> search GET / authorization=a x-api-key=b x-other=c",
      "frontend -> profile GET / x-amz-security-token=a x-auth-token=b authorization=",
      "search -> rate GET / authorization=a",
    ],
    shows: [
      "authorization",
      "x-api-key",
      "x_api_key",
      "x-auth-token",
      "x-amz-security-token",
      "x-other",
      "cookie",
    ],
    differs: {
      cannotSay: "cookies, and other ways to write a name; the access log does not say what was taken",
      requests: "those with a session in their cookies, or with `x_api_key`",
      examples: ["frontend -> search GET / cookie=session=a;theme=b", "frontend -> search GET / x_api_key=a"],
    },
  },
  {
    name: "sticky-hash",
    policy: "filters/sticky-hash/policy.ts",
    mesh: canaryMesh,
    ...{ imports: [], connections: false, isOneOfVersions: true },
    requests: ["a", "b", "c"].map((key) => `frontend -> search GET / cookie=wire-sticky=${key}`),
    shows: [],
  },
  {
    name: "jwt-claim",
    policy: "filters/jwt-claim/policy.ts",
    mesh: "controlplane/eval/lines/jwt-claim/mesh.yaml",
    ...{ imports: [], connections: false, isOfStatusAlone: true },
    requests: [
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJzdWIiOiJhbm4iLCJncm91cHMiOlsib3BzIl19._c9tLc4cjYOtDwDjZg5WOj0VpypnZqC_IMU_DWWYmvDAvX4S5az-xs-HlqFwFm2AVG-SYtsPvbRd3wdSzOHVrA",
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJzdWIiOiJhbm4ifQ.kjQSJCTZtRei_t3M8GIhjMsNcAompwOarqjHC8ZfDJUcj_m8kS8CEQMi_xk5-5UGrVmL3HTg90J_yMNWnqXYhw",
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL3VzLmV4YW1wbGUiLCJzdWIiOiJhbm4iLCJncm91cHMiOlsib3BzIl19.RFBtq999KPzoQjv1fe8JoI4IKw7VLRIkSrC-1SYrXbLYnIoqstPa5Gd_SrfDAzWe6UoOyes49KfWfzo5Ise7Gg",
    ].map((token) => `outside -> frontend GET / authorization="Bearer ${token}"`),
    shows: [],
    differs: {
      cannotSay: "what is answered to whom is refused, and claims that are no texts",
      requests: "those without a token: 403, and not 401",
      examples: ["outside -> frontend GET /"],
    },
  },
  {
    ...onHotel,
    name: "request-size-guard",
    policy: "filters/request-size-guard/policy.ts",
    isOfStatusAlone: true,
    requests: [
      "outside -> frontend POST / :bytes=1000000",
      "outside -> frontend POST / :bytes=1100000",
      "outside -> frontend GET /",
    ],
    shows: [],
  },
  {
    ...onHotel,
    name: "token-bucket",
    policy: "filters/token-bucket/policy.ts",
    isOfStatusAlone: true,
    requests: ["outside -> frontend GET / *60"],
    shows: [],
  },
];

/** Filter code that stands beside no YAML, and why. */
export const notCompared: Readonly<Record<string, string>> = {
  "cache-headers":
    "Istio sets headers of answers whatever their type and status: by these, Lua or Wasm in an EnvoyFilter does, which is code as well",
  "ext-authz":
    "Istio has it as an AuthorizationPolicy with the action CUSTOM; the service gets other headers, and is named in Istio's own configuration",
  "header-normaliser": "Istio removes headers by their whole names, and makes no one value of several",
  waf: "Istio looks into no body; what does is Lua or Wasm in an EnvoyFilter",
};
