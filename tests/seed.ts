const given = process.env["WIRE_SEED"];

/** `WIRE_SEED`, with which all random draws of tests begin where it is set; CI does so, lest a change be refused for what it did not do. */
export const givenSeed: number | undefined = given === undefined ? undefined : Number(given);

/** Where the draws of a test begin that prints it: at what is given, or else where that test always does, or else somewhere new each time. */
export function seedOr(always: number = Math.floor(Math.random() * 1e9)): number {
  return givenSeed ?? always;
}
