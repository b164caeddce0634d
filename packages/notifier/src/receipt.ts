/** What a channel has of a message when the command ends. */
export interface Receipt {
  readonly channel: string;
  /**
   * `delivered`: the receiver said it has it. `accepted`: it was taken over (a mail server, a Teams
   * flow), arrival can't be seen. `spooled`: kept, to be delivered later. `dead`: given up, people are
   * needed. `off`: not meant for this channel. `lost`: not delivered, and could not be kept either.
   */
  readonly status: 'delivered' | 'accepted' | 'spooled' | 'dead' | 'off' | 'lost';
  /** Tries in this command. */
  readonly attempts: number;
  readonly ms: number;
  /** Why, where it is not delivered. Redacted. */
  readonly reason?: string;
  /** What the receiver calls it. */
  readonly receipt?: string;
  /** Something was left out to keep within the channel's limits; the message says what. */
  readonly truncated?: true;
  /** Recipients refused for good, with the server's words. */
  readonly refused?: readonly string[];
  /** The held channels this one stands in for. */
  readonly insteadOf?: readonly string[];
}
