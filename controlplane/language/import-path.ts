/** Where an import leads: the path that a file names, from the folder of that file. */
export function importPath(from: string, path: string): string {
  const folder = from.split(/[/\\]/).slice(0, -1);
  const isWhole = /^([/\\]|[A-Za-z]:)/.test(path) || folder.length === 0;
  return shortest(isWhole ? path : `${folder.join("/")}/${path}`);
}

/** A path without `.` and without a folder that `..` leaves again. */
export function shortest(path: string): string {
  const parts: string[] = [];
  for (const part of path.split(/[/\\]/)) {
    if (part === "." || (part === "" && parts.length > 0)) continue;
    const above = parts.at(-1);
    if (part === ".." && above !== undefined && above !== ".." && above !== "") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}
