/** The request that the table is about: 16 headers, among them the two that the filter looks at. */
export const requestHeaders: readonly (readonly [string, string])[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/hotels?inDate=2015-04-09&outDate=2015-04-10"],
  [":authority", "frontend:5000"],
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"],
  ["accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["accept-encoding", "gzip, deflate, br"],
  ["accept-language", "en-GB,en;q=0.9"],
  ["cache-control", "no-cache"],
  ["cookie", "session=9f86d081884c7d659a2feaa0c55ad015"],
  ["referer", "http://frontend:5000/"],
  ["traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
  ["x-forwarded-for", "10.0.0.7"],
  ["x-region", "eu-west"],
  ["x-tenant", "acme"],
  ["x-plan", "gold"],
];
