/** A number and what it counts, such as `1 call` and `2 calls`. */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
