/** What is wrong with a JSON Web Key Set: a proxy that is given one it cannot use refuses its whole listener. */
export function keySetFault(json: string): { readonly message: string; readonly help: string } | undefined {
  const keys = keysOf(json);
  if (keys === undefined || keys.length === 0) {
    return {
      message: "takes a JSON Web Key Set",
      help: 'write `{ keys: [{ kty: RSA, n: "...", e: AQAB }] }`',
    };
  }
  const types: readonly unknown[] = ["RSA", "EC", "OKP", "oct"];
  if (!keys.every((key) => types.includes(key["kty"]))) {
    return { message: "has a key that Envoy cannot use", help: "each needs a `kty`: RSA, EC, OKP or oct" };
  }
  if (keys.some((key) => "d" in key)) {
    return {
      message: "has a private key",
      help: "leave out `d` and what belongs to it: verifying takes the public part",
    };
  }
  return undefined;
}

function keysOf(json: string): readonly Readonly<Record<string, unknown>>[] | undefined {
  try {
    const set: unknown = JSON.parse(json);
    if (!isRecord(set) || !Array.isArray(set["keys"])) return undefined;
    const keys: readonly unknown[] = set["keys"];
    const records = keys.filter(isRecord);
    return records.length === keys.length ? records : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
