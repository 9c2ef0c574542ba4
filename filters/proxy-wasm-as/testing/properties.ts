import { bytesOf, bytesOfKey, join, keyOf, noBytes, textOf } from "./bytes.ts";
import type { HeaderMap } from "./header-map.ts";
import { grpcStatusOf } from "./local-reply.ts";
import { writePairs } from "./pairs.ts";
import { propertyKey } from "./property-key.ts";

/**
 * As Envoy hands it over: text and bytes as they are, `bigint` as an i64, `number` as an f64, a boolean as one byte, a map as pairs, and a list as pairs of its
 * items and nothing. What is in a map is read by its own path, too. A message of Envoy's, such as `metadata` or `xds.node`, is protobuf when it is read as a
 * whole: give that as bytes, and what is in it by longer paths.
 */
export type PropertyValue =
  | string
  | Uint8Array
  | bigint
  | number
  | boolean
  | readonly PropertyValue[]
  | PropertyMap;

/** Values by their names. */
export interface PropertyMap {
  readonly [name: string]: PropertyValue;
}

/** What a stream knows about itself without being told. */
export interface StreamFacts {
  readonly requestHeaders: HeaderMap | null;
  readonly isLogging: boolean;
  readonly responseCode: number | undefined;
  /** How many bytes of the body have come. */
  readonly requestSize: number;
  readonly responseHeaders: HeaderMap | null;
  readonly responseTrailers: HeaderMap | null;
  /** How many bytes of the body have gone on. */
  readonly responseSize: number;
  /** In nanoseconds since 1970. */
  readonly startedAt: bigint;
  readonly now: bigint;
  /** Missing where no HTTP is spoken. */
  readonly protocol?: string;
  /** Why there is the answer that there is. */
  readonly codeDetails: string | undefined;
  /** Envoy's of the answer. */
  readonly flags: bigint;
  /** By whole names. */
  readonly filterState: (name: string) => Uint8Array | undefined;
}

/** The bytes that a property is read as. */
export function serializeProperty(value: PropertyValue): Uint8Array {
  if (typeof value === "string" || value instanceof Uint8Array) return bytesOf(value);
  if (isMap(value))
    return writePairs(Object.entries(value).map(([key, each]) => [bytesOf(key), serializeProperty(each)]));
  if (typeof value === "object") return writePairs(value.map((each) => [serializeProperty(each), noBytes]));
  if (typeof value === "boolean") return Uint8Array.of(value ? 1 : 0);
  const view = new DataView(new ArrayBuffer(8));
  if (typeof value === "bigint") view.setBigInt64(0, value, true);
  else view.setFloat64(0, value, true);
  return new Uint8Array(view.buffer);
}

const keys = new Map<string, string>();

/** The property of this key among those that a test gives, as they are now. */
export function givenProperty(
  properties: Readonly<Record<string, PropertyValue>>,
  key: string,
): PropertyValue | undefined {
  const given = Object.entries(properties).map(([path, value]) => {
    const known = keys.get(path) ?? propertyKey(path);
    keys.set(path, known);
    return [known, value] as const;
  });
  const whole = given.find(([known]) => known === key);
  if (whole !== undefined) return whole[1];
  for (const [known, value] of given) {
    if (!key.startsWith(`${known}\0`)) continue;
    const found = within(value, key.slice(known.length + 1).split("\0"));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is in a map by these names, one in the other. */
function within(value: PropertyValue, [name = "", ...deeper]: readonly string[]): PropertyValue | undefined {
  const found = isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return found === undefined || deeper.length === 0 ? found : within(found, deeper);
}

/** Whether these are values by names, not a list of them, nor bytes. */
export function isMap(value: unknown): value is PropertyMap {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** The attributes of Envoy that follow from the headers: `request.path`, `response.code` and the like. */
export function derivedProperty(key: string, facts: StreamFacts): PropertyValue | undefined {
  const { requestHeaders, responseHeaders, responseTrailers } = facts;
  const header = (name: string): Uint8Array | undefined => requestHeaders?.get(name);
  const [whole, part, name, ...deeper] = key.split("\0");
  if (part === undefined || deeper.length > 0) return undefined;
  const maps: Readonly<Record<string, HeaderMap | null>> = {
    "request.headers": requestHeaders,
    "response.headers": responseHeaders,
    "response.trailers": responseTrailers,
  };
  if (whole === "filter_state" && name === undefined) return facts.filterState(part);
  if (name !== undefined) return joined(maps[`${whole}.${part}`]?.getAll(name) ?? []);
  switch (`${whole}.${part}`) {
    case "request.method":
      return header(":method");
    case "request.path":
      return header(":path");
    case "request.url_path":
      return requestHeaders === null ? undefined : bytesOfKey(pathOf(requestHeaders).split("?", 1)[0] ?? "");
    case "request.host":
      return header(":authority");
    case "request.scheme":
      return header(":scheme");
    case "request.id":
      return header("x-request-id");
    case "request.size":
      return BigInt(facts.requestSize);
    case "request.time":
      return facts.startedAt;
    case "request.protocol":
      return facts.protocol;
    case "request.query":
      return requestHeaders === null ? undefined : bytesOfKey(queryOf(pathOf(requestHeaders)));
    case "request.referer":
      return header("referer");
    case "request.useragent":
      return header("user-agent");
    case "response.size":
      return BigInt(facts.responseSize);
    case "response.flags":
      return facts.flags;
    case "request.duration":
      return facts.isLogging ? facts.now - facts.startedAt : undefined;
    case "request.total_size":
      return BigInt(facts.requestSize + (requestHeaders?.size ?? 0));
    case "request.headers":
      return writePairs(requestHeaders?.bytePairs ?? []);
    case "response.headers":
      return writePairs(responseHeaders?.bytePairs ?? []);
    case "response.trailers":
      return writePairs(responseTrailers?.bytePairs ?? []);
    case "response.total_size":
      return BigInt(facts.responseSize + (responseHeaders?.size ?? 0) + (responseTrailers?.size ?? 0));
    case "response.grpc_status":
      return grpcStatus(facts);
    case "response.code": {
      const code = facts.responseCode;
      return code === undefined ? undefined : BigInt(code);
    }
    case "response.code_details":
      return facts.codeDetails;
    default:
      return undefined;
  }
}

/** All values of a header with commas between; undefined when there is none. */
function joined(values: readonly Uint8Array[]): Uint8Array | undefined {
  return values.length === 0 ? undefined : values.reduce((before, value) => join(join(before, comma), value));
}

const comma = bytesOf(",");

/** The path by its bytes, one character each; empty when there is none. */
function pathOf(headers: HeaderMap): string {
  return keyOf(headers.get(":path") ?? noBytes);
}

/** What stands behind the first question mark, and before what begins with `#`. */
function queryOf(path: string): string {
  const at = path.indexOf("?");
  return at === -1 ? "" : (path.slice(at + 1).split("#", 1)[0] ?? "");
}

/** What the trailers say, or the headers, or else what the status of HTTP stands for; -1 where it is said and is none. */
function grpcStatus({ responseTrailers, responseHeaders, responseCode }: StreamFacts): bigint | undefined {
  const said = [responseTrailers, responseHeaders]
    .map((headers) => textOf(headers?.get("grpc-status") ?? noBytes))
    .find((text) => text !== "");
  if (said === undefined) return responseCode === undefined ? undefined : BigInt(grpcStatusOf(responseCode));
  const status = /^\s*\+?\d+\s*$/.test(said) ? Number(said) : -1;
  return BigInt(status >= 0 && status <= 16 ? status : -1);
}
