/** Requests whose path a policy has lost at one place. JSON. */
export interface LostContext {
  readonly policy: string;
  /** Who has sent them; absent where nobody knows. */
  readonly caller?: string;
  /** Whose proxy has lost them: the caller's own, or that of who was called. */
  readonly proxy: string;
  readonly requests: number;
  /** When the first and the last one were over, as RFC 3339 has it, in UTC. */
  readonly since: string;
  readonly last: string;
  /** The services of which one does not hand on what it is sent. */
  readonly suspects: readonly string[];
}

/** In one line, for people. */
export function lostText(lost: LostContext, stateHeader: string): string {
  const { policy, caller, proxy, requests, since, last, suspects } = lost;
  const from = caller === undefined ? "" : ` from ${caller}`;
  const times =
    requests === 1 ? `a request${from} at ${since}` : `${requests} requests${from} from ${since} to ${last}`;
  const said = `\`${policy}\` has lost the path of ${times} in the proxy of ${proxy}`;
  return `${said}: ${whoText(suspects)} not hand on \`${stateHeader}\`${suspects.length > 1 ? "; `wire doctor` tells which" : ""}`;
}

function whoText(suspects: readonly string[]): string {
  const last = suspects.at(-1);
  if (last === undefined) return "a service before it does";
  return suspects.length === 1 ? `${last} does` : `${suspects.slice(0, -1).join(", ")} or ${last} does`;
}
