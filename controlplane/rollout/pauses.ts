/** An ACK comes before all workers of a proxy have switched (14 ms at most were seen). */
export const settleMs = 40;

export interface Pauses {
  /**
   * An ACK is a little early, and a caller's answer comes before its connections have drained.
   * The next stage waits this long after the last acknowledgement of one that changed something; 40 ms by default.
   */
  readonly settleMs: number;
  /** A proxy that takes longer fails the rollout, as long as no caller is told of it; 30,000 ms by default. */
  readonly stageTimeoutMs: number;
  /** A proxy that takes longer is told of, and where nothing depends on it not waited for; 2,000 ms by default. */
  readonly impatientMs: number;
  /** How much longer a rollout waits for its proxies when a newer one is there; 1,000 ms by default. */
  readonly replacedMs: number;
  /** Proxies that have not taken a switch by then are named; 3,000 ms by default. */
  readonly switchTimeoutMs: number;
  /** How long a place that a service has left is known as its own: what it still has in hand comes from there. 60,000 ms by default. */
  readonly lingerMs: number;
}

export const usualPauses: Pauses = {
  settleMs,
  stageTimeoutMs: 30_000,
  impatientMs: 2_000,
  replacedMs: 1_000,
  switchTimeoutMs: 3_000,
  lingerMs: 60_000,
};
