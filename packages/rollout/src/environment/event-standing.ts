import type { Acts, Standing } from '@dhash/notifier';

/** How things stand, as far as whoever tells of an event knows it. */
export interface EventStanding {
  readonly next?: Standing['next'];
  /** The release that answers now. */
  readonly serving?: string | null;
  readonly downtimeMs?: number | null;
  readonly rowsSetAside?: number | null;
  /** What a person types. */
  readonly commands?: Partial<Standing['commands']>;
  /** Instead of what the event's name says. */
  readonly acts?: Acts;
}
