/** `HOST:PORT`, as it stands in a URL. */
export function endpoint(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
