import { followFiles } from "./follow-files.ts";
import { tokenIn } from "./token-in.ts";

/** The token in a file, as the file was when it last held one. */
export async function followToken(
  path: string,
  progress: (line: string) => void,
): Promise<{ readonly latest: string } & Disposable> {
  let latest = "";
  const files = await followFiles({
    paths: [path],
    parse: ([text = ""]) => tokenIn(path, text),
    changed: (token) => {
      latest = token;
      progress("the token of the HTTP API has changed");
    },
    refused: (why) => progress(`wire: ${why}: the token that was there goes on`),
  });
  latest = files.first;
  return {
    get latest() {
      return latest;
    },
    [Symbol.dispose]: () => files[Symbol.dispose](),
  };
}
