import type { Output } from "./report.ts";

const longMs = 3_000;

/** Wait for work, and say what is being waited for when that takes long. */
export async function sayIfLong<Result>(
  output: Output,
  work: Promise<Result>,
  what: string,
): Promise<Result> {
  const timer = setTimeout(() => output.progress(`${what}: this takes a while`), longMs);
  return work.finally(() => clearTimeout(timer));
}

export const building = "placing and compiling the policies";
