import type { Parameter } from "./interface.ts";

/** A parameter as an interface declares it: `const text body = none`. */
export function parameterText({ name, type, isConstant, default: value }: Parameter): string {
  const typed = [isConstant ? "const" : "", type, name ?? ""].filter((part) => part !== "").join(" ");
  if (value === undefined) return typed;
  return `${typed} = ${value === "none" || typeof value !== "string" ? value : JSON.stringify(value)}`;
}
