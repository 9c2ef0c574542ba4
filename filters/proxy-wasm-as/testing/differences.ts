/** What the host does otherwise than an Envoy, on purpose. */
export interface Difference {
  readonly host: string;
  readonly envoy: string;
  readonly why: string;
  readonly shown: ShownDifference;
}

/** Played in both places by `tests/fidelity/`, which holds what each says; or why that cannot be. */
export type ShownDifference =
  | {
      readonly kind: "played";
      /** For the probe of `tests/fidelity/`. */
      readonly play: string;
      /** The status of the answer, and the probe's lines. */
      readonly host: readonly string[];
      readonly envoy: readonly string[];
    }
  | { readonly kind: "told"; readonly reason: string };

/** All of them: where `tests/fidelity/` finds another one, the host is wrong. */
export const differences: readonly Difference[] = [
  {
    host: "`proxy_send_local_response` in `proxy_on_log`, `proxy_on_done` and `proxy_on_delete` fails the VM",
    envoy:
      "logs again, answers again, and so on until it crashes; of a stream that has gone it crashes at once",
    why: "a test should say so instead of ending",
    shown: { kind: "told", reason: "it takes the Envoy with it" },
  },
  {
    host: "`proxy_close_stream` of a request or a response in these fails the VM",
    envoy: "crashes",
    why: "a test should say so instead of ending",
    shown: { kind: "told", reason: "it takes the Envoy with it" },
  },
  {
    host: "`proxy_close_stream` in `proxy_on_response_trailers` that go on fails the VM",
    envoy: "crashes, of HTTP/1.1",
    why: "a test should say so instead of ending",
    shown: { kind: "told", reason: "it takes the Envoy with it" },
  },
  {
    host: "`proxy_continue_stream` of a response before it has begun, in its last callback when that goes on, and of one that has broken off since the filter made its body too large, fails the VM",
    envoy: "crashes",
    why: "a test should say so instead of ending",
    shown: { kind: "told", reason: "it takes the Envoy with it" },
  },
  {
    host: "of two acts in one callback, the second of which finds the stream gone, the second fails the VM: after `proxy_close_stream` any but to go on, after `proxy_send_local_response` another end of the stream, but in the answer to a call of a request",
    envoy: "crashes when the callback has ended",
    why: "a test should say so instead of ending",
    shown: { kind: "told", reason: "it takes the Envoy with it" },
  },
  {
    host: "what `onFetch` or `onGrpc` answers is there before anything else comes, as the rest of a body",
    envoy:
      "hears it when it comes, which for a response that its body has let go is after its end, and then never",
    why: "no time goes by in a test but by `advance`; with `fetches` and `open` it says itself what comes first",
    shown: { kind: "told", reason: "differences are played where a body waits with its headers" },
  },
  {
    host: "a request that is let go in its own callback, which goes on, or once more behind its trailers, goes on once",
    envoy: "sends it twice: of headers the service gets two requests, and of trailers two ends",
    why: "what a service makes of that is its own affair, and filters of the SDK have them go on once",
    shown: { kind: "told", reason: "of what the service gets, the table looks at the last" },
  },
  {
    host: "nothing is routed: a request without `x-forwarded-proto` goes on",
    envoy: "answers 404",
    why: "there are no routes in a test, and none of Envoy's own headers",
    shown: {
      kind: "played",
      play: "request: del 0 x-forwarded-proto",
      host: ["200", ">request 1", "del 0", "end"],
      envoy: ["404", ">request 1", "del 0", "end"],
    },
  },
  {
    host: "`server` and `date` of an answer are what the service or the filter says",
    envoy: "writes its own",
    why: "a test says what there is",
    shown: { kind: "told", reason: "of what Envoy writes itself, the table looks at nothing" },
  },
  {
    host: "`verify_signature`, `sign` and `expr_*` are not found; give them as `foreign`",
    envoy: "has them",
    why: "a test says what they answer",
    shown: {
      kind: "played",
      play: "request: foreign verify_signature a; foreign sign a; foreign expr_create a; foreign expr_delete aaaa",
      host: ["200", ">request 1", "foreign 1", "foreign 1", "foreign 1", "foreign 1", "end"],
      envoy: ["200", ">request 1", "foreign 2", "foreign 2", "foreign 0 %00%00%00%00", "foreign 0 ", "end"],
    },
  },
  {
    host: "`set_envoy_filter_state` takes any name that begins with `envoy.`",
    envoy: "takes those that some filter of it has made known",
    why: "which these are depends on how it was built",
    shown: {
      kind: "played",
      play: "request: foreign set_envoy_filter_state %0A%0Aenvoy.none%12%01a",
      host: ["200", ">request 1", "foreign 0 ", "end"],
      envoy: ["200", ">request 1", "foreign 1", "end"],
    },
  },
  {
    host: "attributes that are not of the headers, such as those of the upstream, are what `properties` says",
    envoy: "knows them",
    why: "there is no network in a test",
    shown: {
      kind: "played",
      play: "response: propstat upstream/address; propstat xds/cluster_name",
      host: ["200", ">response 0", "propstat 1", "propstat 1", "end"],
      envoy: ["200", ">response 0", "propstat 0", "propstat 0", "end"],
    },
  },
  {
    host: "a message of Envoy's that is read as a whole, such as `metadata` or `xds.node`, is what `properties` says at that path",
    envoy: "writes it in protobuf",
    why: "a test says what is read of it, by longer paths or as bytes",
    shown: {
      kind: "played",
      play: "request: propstat metadata; propstat xds/node; propstat xds/node/id",
      host: ["200", ">request 1", "propstat 1", "propstat 1", "propstat 0", "end"],
      envoy: ["200", ">request 1", "propstat 0", "propstat 0", "propstat 0", "end"],
    },
  },
  {
    host: "a gauge below zero shows so in `metrics`",
    envoy: "shows 2^64 less that",
    why: "a test reads what the filter meant",
    shown: { kind: "told", reason: "filters themselves read the same in both places" },
  },
  {
    host: "no half-close of a TCP connection follows from another",
    envoy: "passes it on",
    why: "the test says each end itself",
    shown: { kind: "told", reason: "the test that plays a connection would say it" },
  },
  {
    host: "`proxy_on_request_metadata`, `envoy_on_resolve_dns` and `envoy_on_stats_update` are never called",
    envoy: "calls them of HTTP/2 METADATA frames, of DNS answers, and of stats sinks",
    why: "nothing in the host leads to them",
    shown: { kind: "told", reason: "it needs what no filter can set going by itself" },
  },
];
