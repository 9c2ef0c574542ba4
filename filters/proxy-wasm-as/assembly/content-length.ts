import { MapType } from "./enums";
import { proxy_remove_header_map_value } from "./env";
import { audits } from "./guard";
import { turnBack, turnTo } from "./kept";

// A body that gets longer or shorter cannot go under the length of the old one: who gets it takes the rest for another message, which is how requests
// are smuggled, or waits for what is missing. So headers of which the body may still be written go on without a length, and Envoy sends the body in chunks.

// "content-length"
// @ts-expect-error: asc has decorators for functions and constants, TypeScript only for classes (TS1206)
@lazy const CONTENT_LENGTH: usize = memory.data<u8>([99, 111, 110, 116, 101, 110, 116, 45, 108, 101, 110, 103, 116, 104]);

/** The headers whose body may be written, as bits. Of a filter that writes no bodies this is never set, and the compiler drops what asks for it. */
let written: u32 = 0;

/** Said as the module of a filter starts that writes the body of these headers, and lets messages go otherwise than by what a callback returns. */
export function writeBodies(headers: MapType): void {
  written |= 1 << headers;
}

/** Whether it does. */
export function writesBody(headers: MapType): bool {
  return (written & (1 << headers)) != 0;
}

/** Said when headers or a piece of a body go on by what a callback of such a filter returns, 0, and more of the body is to come. */
export function leaveLengthOut(headers: MapType, flow: u32, last: u32): void {
  if (flow == 0 && last == 0 && !audits()) removeLength(headers);
}

/** Said before the headers of a stream may go on because the filter lets go of them. */
export function resumeWithoutLength(stream: u32, headers: MapType): void {
  if (!writesBody(headers) || audits() || !turnTo(stream)) return;
  removeLength(headers);
  turnBack(stream);
}

/** Said before a body is written. Where its headers have gone on, nothing is at hand. */
export function removeLength(headers: MapType): void {
  proxy_remove_header_map_value(headers, CONTENT_LENGTH, 14);
}
