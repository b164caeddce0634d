/** Where the metrics of a poll come from. */
export interface Source {
  /**
   * The metrics as they are now: name → number or histogram; anything else is no reading.
   * @throws where there is no answer; the poll then has no metrics, and no gate can pass or break on them.
   */
  read(signal: AbortSignal): Promise<Record<string, unknown>>;
}
