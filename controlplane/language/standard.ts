import type { Interface } from "./interface.ts";
import { parseInterface } from "./parse-interface.ts";
import type { Source } from "./source.ts";

/**
 * The standard interface: every act, state and action that this toolkit's data plane offers, in the notation of `.cui` files. It is
 * the one list of them: the checker, the manual, the code generator's table and the tests are held against it. `///` documents
 * what follows; `const KIND name` must be a literal; a parameter with a default may be left out.
 */
export const standard: Source = {
  path: "standard.cui",
  text: `dataplane envoy
cost: 1

/// A TCP connection, or the one that a request came on. Its path is the caller and the callee.
act Connection {
    /// Admit what this caller sends to this callee; "*" is any service. All \`Allow\`s that match a call are judged together: when there are
    /// some and none admits it, a request is answered 403 and a connection is closed, before later policies see it. A \`Deny\` wins over
    /// every \`Allow\`.
    action Allow(self, const service caller = "*", const service callee = "*"),
    /// Close the connection.
    action Deny(self),
    /// The service that calls, absent where the proxy cannot tell (see \`identity\` of the mesh file).
    action GetCaller(self): string?,
    /// The service that is called.
    action GetCallee(self): string,
    /// Add the bytes of both directions to the counters \`wire.NAME.received\` and \`wire.NAME.sent\`. On TCP calls only.
    action CountBytes(self, const name name),
    /// Add to the counter \`wire.NAME\`.
    action Count(self, const name name, int by = 1),
    /// Record a value in the histogram \`wire.NAME\`.
    action Histogram(self, const name name, int value),
    /// Write a line to the proxy's log.
    action Log(self, string message, const level level = "info"),
}

/// An HTTP request on its way in or out.
act Request: Connection {
    /// Answer with this status and body; the request goes no further.
    action Deny(self, const status status = 403, const text body = ""),

    /// The first value of a header, absent where there is none.
    action GetHeader(self, const header name): string?,
    /// All values of a header, joined by ",".
    action GetHeaders(self, const header name): string?,
    /// Whether the header is there; with a value, whether any of its values is this one.
    action HasHeader(self, const header name, string value = none): bool,
    /// Replace all values of a header by one.
    action SetHeader(self, const header name, string value),
    /// Add a value to those that are there. Of a header that Envoy has room for one of, such as \`accept\`, it is joined to that by a comma.
    action AddHeader(self, const header name, string value),
    /// Remove a header with all its values.
    action RemoveHeader(self, const header name),

    /// The method, such as "GET".
    action GetMethod(self): string,
    /// The path without its query.
    action GetPath(self): string,
    /// The host that the request is for, as the client wrote it or a policy before this one rewrote it.
    action GetHost(self): string,
    /// The first value of a query parameter, with its percent-encoding resolved and \`+\` as a blank; absent where there is none.
    action GetQuery(self, const text name): string?,
    /// A claim of the JSON Web Token that Envoy has verified, absent where there is none. A string comes without quotes, the rest as JSON.
    action GetClaim(self, const json claim): string?,

    /// Send the request to this version of the service, when it is a request to that service.
    [Egress] action RouteToVersion(self, const service service, const version version),
    /// Send the request to one of two versions of the service, by weights. Requests with equal \`x-request-id\` go the same way.
    [Egress] action SplitByWeight(self, const service service, const version first, int firstWeight, const version second, int secondWeight),
    /// Send a copy of the request to this version of the service as well; what it answers is dropped.
    [Egress] action Mirror(self, const service service, const version version, float percent = 100.0),
    /// Replace the path; the query stays.
    action RewritePath(self, string path),
    /// Replace the host, also for the policies after this one. Filter code in the same proxy still sees the one before.
    action RewriteHost(self, string host),
    /// Requests with equal keys go to the same replica.
    [Egress] action SetHashKey(self, string key),

    /// How long the answer may take, retries included; then the request is answered 504. Zero is no limit.
    [Egress] action SetTimeout(self, duration timeout),
    /// A budget for this request and all that are made for it: every proxy on the way that enforces this subtracts what has passed, sets
    /// the timeout to the rest, and answers 504 when nothing is left. An earlier deadline stays. The clocks of the proxies must agree.
    action SetDeadline(self, duration budget),
    /// Try again up to so many times, on these conditions of Envoy. Those that are statuses of gRPC go into \`x-envoy-retry-grpc-on\`, the
    /// others into \`x-envoy-retry-on\`; the conditions of a policy before do not stay.
    [Egress] action SetRetries(self, int attempts, const conditions conditions = "connect-failure,refused-stream,5xx"),
    /// Hold the request back for so long, which is part of the time that a timeout or a deadline leaves it: one that is held back for longer is answered
    /// 504, here when it has been.
    action InjectDelay(self, duration delay, float percent = 100.0),
    /// Answer with this status instead of the service, as \`Deny\` does; the body is \`fault filter abort\`.
    action InjectAbort(self, const status status, float percent = 100.0),

    /// Add a tag to this request's line of the access log.
    action TagAccessLog(self, const name name, string value),

    /// How many bytes the body has. Reads up to \`limit\` bytes: a longer body has the size limit + 1.
    /// A policy that reads a body, also one in mode \`audit\`, holds the headers back until the body is there or longer than the limit. Where
    /// 4,096 wait in a worker already, an enforced policy with \`Allow\` or \`Deny\` answers 503, and to all others the body is empty.
    action GetBodySize(self, const limit limit): int,
    /// Whether the text occurs in the first \`limit\` bytes of the body.
    action BodyContains(self, const text text, const limit limit): bool,
    /// A field of a JSON body, by its path such as "user.name"; strings without quotes, the rest as JSON. Absent where there is none, where
    /// the body is not JSON, and where it is longer than \`limit\` bytes.
    action GetJsonField(self, const json path, const limit limit): string?,
}

/// A request of a remote procedure call: gRPC, or any HTTP request between services.
act RPCRequest: Request {}

/// An HTTP response on its way back. Policies for responses run in the reverse order.
act Response {
    action GetCaller(self): string?,
    action GetCallee(self): string,
    action GetHeader(self, const header name): string?,
    action GetHeaders(self, const header name): string?,
    action HasHeader(self, const header name, string value = none): bool,
    action SetHeader(self, const header name, string value),
    action AddHeader(self, const header name, string value),
    action RemoveHeader(self, const header name),
    /// The HTTP status.
    action GetStatus(self): int,
    /// \`FAILED\`: a status of 500 and more, or a gRPC status other than OK in the headers. \`SUCCEEDED\` is everything else.
    action IsRequestStatus(self, const outcome outcome): bool,
    action Count(self, const name name, int by = 1),
    action Histogram(self, const name name, int value),
    action Log(self, string message, const level level = "info"),
    action TagAccessLog(self, const name name, string value),
    action GetBodySize(self, const limit limit): int,
    action BodyContains(self, const text text, const limit limit): bool,
    action GetJsonField(self, const json path, const limit limit): string?,
}

/// The response of a remote procedure call.
act RPCResponse: Response {}

/// A number that outlives the request.
state Counter {
    /// Add to the counter.
    action Increment(self, int by = 1),
    /// Set it to 0.
    action Reset(self),
    /// Its value, with what this request has added.
    action GetCount(self): int,
    /// Whether its value, with what this request has added, is greater.
    action IsGreaterThan(self, int value): bool,
}

/// A moment: that of the last \`Reset\`, or of the first time that it was asked.
state Timer {
    /// Whether so much time has passed. A bare number is seconds.
    action IsTimeSince(self, duration time): bool,
    /// Start again from now.
    action Reset(self),
}

/// Tokens that come back at a rate.
state TokenBucket {
    /// Take a token, if there is one. The bucket fills with \`perSecond\` tokens a second up to \`burst\`.
    action TakeToken(self, float perSecond, int burst): bool,
}

/// How many requests are under way.
state ConcurrencyLimit {
    /// Count this request until its answer is through, if fewer than \`limit\` are under way.
    action Acquire(self, int limit): bool,
}

/// Text, as bytes.
type string {
    /// Whether the whole text matches a regular expression with RE2's syntax and meaning. Compiled to an automaton: linear time.
    action Matches(self, const regex pattern): bool,
    /// Whether it occurs anywhere in the text.
    action Contains(self, string text): bool,
    /// Whether the text begins with it.
    action StartsWith(self, string text): bool,
    /// Whether the text ends with it.
    action EndsWith(self, string text): bool,
    /// In bytes.
    action Length(self): int,
    /// ASCII letters in lower case.
    action ToLower(self): string,
    /// The decimal number that the text is, or \`otherwise\` when it is none or does not fit.
    action ToInt(self, int otherwise): int,
}

/// A whole number.
type int {
    /// In decimal.
    action ToString(self): string,
}
`,
};

/** The standard interface, parsed once. Its text is right, which the tests hold it to. */
export const standardInterface: Interface = parseInterface(standard).interfaces[0] as Interface;
