import type { Amounts } from "./cost.ts";
import { parseInterface } from "./parse-interface.ts";
import type { Source } from "./source.ts";

/**
 * What was measured, as `wire bench '^cost/'` has printed it: Envoy 1.40 with one worker, on two virtual CPUs of an x86-64 server.
 */
export const measured: Source = {
  path: "measured.cui",
  text: `import "standard.cui";
dataplane envoy
cost: { cpu: 1.1mCPU, memory: 84.9MiB, request: 53.7us, stamp: 20.1us, check: 12.3us }

act Request: Connection {
  action Deny(self, const status status = 403, const text body = "") cost 0.1us,
  action GetHeader(self, const header name): string? cost 3.3us,
  action GetHeaders(self, const header name): string? cost 2.1us,
  action HasHeader(self, const header name, string value = none): bool cost 1.4us,
  action SetHeader(self, const header name, string value) cost 2.5us,
  action AddHeader(self, const header name, string value) cost 0.9us,
  action RemoveHeader(self, const header name) cost 2us,
  action GetMethod(self): string cost 1.5us,
  action GetPath(self): string cost 1.7us,
  action GetHost(self): string cost 1.7us,
  action GetQuery(self, const text name): string? cost 2.2us,
  action GetClaim(self, const json claim): string? cost 1.5us,
  [Egress] action RouteToVersion(self, const service service, const version version) cost 0.5us,
  [Egress] action SplitByWeight(
    self,
    const service service,
    const version first,
    int firstWeight,
    const version second,
    int secondWeight
  ) cost 0.9us,
  [Egress] action Mirror(self, const service service, const version version, float percent = 100) cost 0.5us,
  action RewritePath(self, string path) cost 2.5us,
  action RewriteHost(self, string host) cost 2.3us,
  [Egress] action SetHashKey(self, string key) cost 2.1us,
  [Egress] action SetTimeout(self, duration timeout) cost 2.2us,
  action SetDeadline(self, duration budget) cost 6us,
  [Egress] action SetRetries(
    self,
    int attempts,
    const conditions conditions = "connect-failure,refused-stream,5xx"
  ) cost 1.3us,
  action InjectDelay(self, duration delay, float percent = 100) cost 0us,
  action InjectAbort(self, const status status, float percent = 100) cost 3us,
  action TagAccessLog(self, const name name, string value) cost 0.8us,
  action GetBodySize(self, const limit limit): int cost 0.5us,
  action BodyContains(self, const text text, const limit limit): bool cost 0.7us,
  action GetJsonField(self, const json path, const limit limit): string? cost 0.9us,
  action Allow(self, const service caller = "*", const service callee = "*") cost 0.1us,
  action GetCaller(self): string? cost 2.3us,
  action GetCallee(self): string cost 0.3us,
  action Count(self, const name name, int by = 1) cost 0.1us,
  action Histogram(self, const name name, int value) cost 0us,
  action Log(self, string message, const level level = "info") cost 7.9us,
}

act Response {
  action GetCaller(self): string? cost 1.1us,
  action GetCallee(self): string cost 0.1us,
  action GetHeader(self, const header name): string? cost 0.8us,
  action GetHeaders(self, const header name): string? cost 1.3us,
  action HasHeader(self, const header name, string value = none): bool cost 0.6us,
  action SetHeader(self, const header name, string value) cost 0.8us,
  action AddHeader(self, const header name, string value) cost 0.2us,
  action RemoveHeader(self, const header name) cost 0.1us,
  action GetStatus(self): int cost 1.3us,
  action IsRequestStatus(self, const outcome outcome): bool cost 1us,
  action Count(self, const name name, int by = 1) cost 0.1us,
  action Histogram(self, const name name, int value) cost 0.4us,
  action Log(self, string message, const level level = "info") cost 5.9us,
  action TagAccessLog(self, const name name, string value) cost 0.9us,
  action GetBodySize(self, const limit limit): int cost 0.5us,
  action BodyContains(self, const text text, const limit limit): bool cost 0.4us,
  action GetJsonField(self, const json path, const limit limit): string? cost 0.1us,
}

state Counter {
  action Increment(self, int by = 1) cost 1.9us,
  action Reset(self) cost 0.5us,
  action GetCount(self): int cost 0.6us,
  action IsGreaterThan(self, int value): bool cost 0.8us,
}

state Timer {
  action IsTimeSince(self, duration time): bool cost 1.9us,
  action Reset(self) cost 1.1us,
}

state TokenBucket {
  action TakeToken(self, float perSecond, int burst): bool cost 2.4us,
}

state ConcurrencyLimit {
  action Acquire(self, int limit): bool cost 3.6us,
}

type string {
  action Matches(self, const regex pattern): bool cost 0.2us,
  action Contains(self, string text): bool cost 0.1us,
  action StartsWith(self, string text): bool cost 0us,
  action EndsWith(self, string text): bool cost 0us,
  action Length(self): int cost 0us,
  action ToLower(self): string cost 0us,
  action ToInt(self, int otherwise): int cost 0.1us,
}

type int {
  action ToString(self): string cost 0us,
}
`,
};

/** The defaults of what data planes with units do not say themselves. */
export const measuredCosts: {
  readonly proxy: Required<Amounts>;
  /** In nanoseconds, by name with what the action is done to before it. */
  readonly actionNs: Readonly<Record<string, number>>;
} = read();

function read(): typeof measuredCosts {
  const [part] = parseInterface(measured).interfaces;
  const cost = typeof part?.cost === "object" ? part.cost : {};
  const { cpuMilli = 0, memoryMib = 0, requestNs = 0, stampNs = 0, checkNs = 0 } = cost;
  const actions = [...(part?.receivers.values() ?? [])].flatMap(({ name: receiver, actions: own }) =>
    [...own.values()].map(
      ({ name, cost }) => [`${receiver}.${name}`, typeof cost === "object" ? cost.cpuNs : 0] as const,
    ),
  );
  return {
    proxy: { cpuMilli, memoryMib, requestNs, stampNs, checkNs },
    actionNs: Object.fromEntries(actions),
  };
}
