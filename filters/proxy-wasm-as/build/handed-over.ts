import { hostFunctions, wasiFunctions } from "../abi/table.ts";

/** Of each host function that is given bytes, which of its operands are their sizes: the host goes over them as a copy does. */
export const handedOver: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries({ ...hostFunctions, ...wasiFunctions }).flatMap(([name, { takes, names }]) => {
    const sizes = takes
      .filter(([, type]) => type === "bytes" || type === "pairs")
      .map(([given]) => names.indexOf(`${given}Size`));
    return sizes.length === 0 ? [] : [[name, sizes]];
  }),
);
