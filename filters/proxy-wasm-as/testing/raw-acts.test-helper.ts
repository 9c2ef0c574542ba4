/** Where a filter may act on a stream by the raw calls. */
export const rawPlaces = ["request", "asked", "response", "body", "asked of a response"] as const;
/** What it may do. */
export const rawActs = ["resume", "back", "close", "closeBack", "reply"] as const;

/** Every two of these at every place, as the module below reads them from `x-acts`. */
export const rawPairs: readonly string[] = rawPlaces.flatMap((_, place) =>
  rawActs.flatMap((_first, first) => rawActs.map((_second, second) => `${place}${first}${second}`)),
);

/** Those which an Envoy does not outlive, all of them by the second. */
export const rawDeadly: readonly string[] = [
  ...["01", "10", "11", "12", "13", "14", "21", "31", "41"].flatMap((pair) => [`0${pair}`, `1${pair}`]),
  ...["22", "23", "24", "32", "33", "34"].flatMap((pair) => rawPlaces.map((_, place) => `${place}${pair}`)),
  ...["42", "43"].flatMap((pair) => ["0", "2", "3", "4"].map((place) => `${place}${pair}`)),
  ...["2", "3", "4"].map((place) => `${place}44`),
  ...["421", "431"],
];

/** As a person says them. */
export function saidOf(which: string): string {
  const [place, first, second] = [...which].map(Number);
  return `${rawPlaces[place ?? 0]}: ${rawActs[first ?? 0]}, ${rawActs[second ?? 0]}`;
}

/** Does the two things one after the other, without the SDK that would refuse some. */
export const rawActsModule = `let place: u32 = 99, first: u32 = 0, second: u32 = 0, stream: u32 = 0;
function act(which: u32): void {
  if (which < 2) proxy_continue_stream(which);
  else if (which < 4) proxy_close_stream(which - 2);
  else proxy_send_local_response(429, 0, 0, 0, 0, 0, 0, -1);
}
function play(where: u32): void {
  if (place != where) return;
  place = 99;
  act(first);
  act(second);
  see("done");
}
export function proxy_on_request_headers(id: u32, count: u32, end: u32): u32 {
  stream = id;
  place = 99;
  if (proxy_get_header_map_value(0, at("x-acts"), 6, cell, cell + 4) != 0) return 0;
  const given: usize = load<u32>(cell);
  place = load<u8>(given) - 48, first = load<u8>(given + 1) - 48, second = load<u8>(given + 2) - 48;
  play(0);
  return place == 1 ? ask() : 0;
}
function ask(): u32 {
  const pairs = memory.data<u8>([3,0,0,0, 7,0,0,0,3,0,0,0, 5,0,0,0,1,0,0,0, 10,0,0,0,7,0,0,0, 58,109,101,116,104,111,100,0,71,69,84,0, 58,112,97,116,104,0,47,0, 58,97,117,116,104,111,114,105,116,121,0,115,101,114,118,105,99,101,0]);
  proxy_http_call(at("service"), 7, pairs, 67, 0, 0, 0, 0, 1000, cell);
  return 4;
}
export function proxy_on_http_call_response(root: u32, call: u32, headers: u32, body: u32, trailers: u32): void {
  proxy_set_effective_context(stream);
  play(1);
  play(4);
}
export function proxy_on_response_headers(id: u32, count: u32, end: u32): u32 { play(2); return place == 4 ? ask() : 0; }
export function proxy_on_response_body(id: u32, size: u32, end: u32): u32 { play(3); return 0; }`;
