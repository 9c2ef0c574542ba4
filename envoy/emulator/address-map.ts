/** Where a caller reaches a callee: the callee itself, or the outbound listener of the caller's proxy. */
export interface Target {
  readonly via: "direct" | "proxy";
  readonly address: string;
  readonly port: number;
}

/**
 * Caller → callee → where. A caller is looked up as `service@version` first, then as `service`. Several
 * targets are taken in turn.
 */
export type AddressMap = Readonly<Record<string, Readonly<Record<string, Target | readonly Target[]>>>>;

/** A map and the name that acknowledgements give it. */
export interface AddressRevision {
  readonly revision: string;
  readonly map: AddressMap;
}

/** All targets that a caller has for a callee; empty when the map does not know the call. */
export function targetsOf(
  map: AddressMap,
  caller: { readonly service: string; readonly version?: string },
  callee: string,
): readonly Target[] {
  const versioned = caller.version === undefined ? undefined : `${caller.service}@${caller.version}`;
  const found = own(own(map, versioned), callee) ?? own(own(map, caller.service), callee);
  if (found === undefined) return [];
  return isList(found) ? found : [found];
}

/** A service may be called what every object has. */
function own<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  key: string | undefined,
): Value | undefined {
  return record !== undefined && key !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

function isList(value: Target | readonly Target[]): value is readonly Target[] {
  return Array.isArray(value);
}
