/** What an arithmetic operator makes of two whole numbers of 64 bits, as at run time: a division by 0 is 0. Undefined for other operators. */
export function ofInts(operator: string, left: bigint, right: bigint): bigint | undefined {
  switch (operator) {
    case "+":
      return wrapped(left + right);
    case "-":
      return wrapped(left - right);
    case "*":
      return wrapped(left * right);
    case "/":
      return right === 0n ? 0n : wrapped(left / right);
    case "%":
      return right === 0n ? 0n : left % right;
    default:
      return undefined;
  }
}

/** The same of fractions. */
export function ofFloats(operator: string, left: number, right: number): number | undefined {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    default:
      return undefined;
  }
}

/** Of 64 bits. */
export function wrapped(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}
