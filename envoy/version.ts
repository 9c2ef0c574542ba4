/** Version numbers as `envoy --version` prints them. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The Envoy that is fetched when the machine has none. */
export const envoyVersion = "1.40.0";

/** The oldest Envoy that does what the control plane asks for: Wasm with a failure policy came with 1.33. */
export const envoyVersionMin: Version = { major: 1, minor: 33, patch: 0 };

/** Read `envoy  version: <sha>/1.40.0/Clean/RELEASE/BoringSSL`; undefined for anything else. */
export function parseVersion(output: string): Version | undefined {
  const match = /version:\s*\S+?\/(\d+)\.(\d+)\.(\d+)/.exec(output);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** Negative when `a` is older than `b`, zero when they are the same. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** `1.40.0`. */
export function formatVersion(version: Version): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}
