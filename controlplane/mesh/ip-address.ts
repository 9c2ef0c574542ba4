const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const v4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
const v6 = /^[0-9a-f:]*:[0-9a-f:.]*$/i;
/** IPv4 inside IPv6: not the form in which Envoy shows such a peer. */
const mapped = /^::(?:ffff:)?[0-9a-f]+:[0-9a-f]+$/;

/**
 * An address in the one form in which Envoy shows it (RFC 5952, without brackets); undefined when it is none. Callers are known by
 * comparing texts, so `FD00:0::7` and `fd00::7` must not be two.
 */
export function ipAddress(text: string): string | undefined {
  if (v4.test(text)) return text;
  const url = v6.test(text) ? URL.parse(`http://[${text}]/`) : null;
  const address = url?.hostname.slice(1, -1);
  return address === undefined || mapped.test(address) ? undefined : address;
}
