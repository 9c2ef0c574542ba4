/** Each version of a service has a port of its own on a proxy's address. */
export const versionsMax = 49;

/** As many replicas, or proxies, as a block of loopback addresses holds. */
export const processesMax = 62_500;

/** Requests per second of one call: more would not leave room for sums of what they cost. */
export const rateMax = 1_000_000_000;
