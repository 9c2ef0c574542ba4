import { Headers } from "./headers";

/** The number in `:status`; 0 where there is none. */
export function statusIn(headers: Headers): i32 {
  const text = headers.get(":status");
  if (text === null || text.length != 3) return 0;
  let status = 0;
  for (let i = 0; i < 3; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return 0;
    status = status * 10 + digit;
  }
  return status;
}
