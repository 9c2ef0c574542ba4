/** A line of a filter's log; level 0 is trace and 5 critical. */
export interface LogLine {
  readonly level: number;
  readonly message: string;
}
