/** A number and what it counts, such as `1 call` and `2 calls`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
