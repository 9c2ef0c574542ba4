/**
 * A property as the host knows it, with a zero byte between the parts of its path: `a.b` is two of them, and so is `a['b']`, in which `b` may have
 * points, as in Envoy's documentation.
 */
export function propertyKey(path: string): string {
  let [key, quote] = ["", ""];
  for (let at = 0; at < path.length; at++) {
    const [char = "", next = ""] = path.slice(at, at + 2);
    if (quote !== "" && char === quote && next === "]") {
      quote = "";
      at++;
    } else if (quote === "" && char === "[" && (next === '"' || next === "'")) {
      if (key !== "") key += "\0";
      quote = next;
      at++;
    } else key += quote === "" && char === "." ? "\0" : char;
  }
  return key;
}
