import { followFiles } from "./follow-files.ts";
import { type SecretKind, secretIn } from "./secret-in.ts";

export interface FollowSecretOptions {
  readonly path: string;
  readonly kind: SecretKind;
  /** Of what, in messages. */
  readonly of: string;
  /** Told once the file holds another one. */
  readonly changed?: () => void;
  readonly progress: (line: string) => void;
}

/** The secret in a file, as the file was when it last held one. */
export async function followSecret(
  options: FollowSecretOptions,
): Promise<{ readonly latest: string } & Disposable> {
  const { path, kind, of, changed, progress } = options;
  let latest = "";
  const files = await followFiles({
    paths: [path],
    parse: ([text = ""]) => secretIn(path, text, kind),
    changed: (secret) => {
      latest = secret;
      progress(`the ${kind} of ${of} has changed`);
      changed?.();
    },
    refused: (why) => progress(`wire: ${why}: the ${kind} that was there goes on`),
  });
  latest = files.first;
  return {
    get latest() {
      return latest;
    },
    [Symbol.dispose]: () => files[Symbol.dispose](),
  };
}
