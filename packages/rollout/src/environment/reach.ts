import type { openTarget } from '../targets/target.ts';
import type { probesOf } from './probes.ts';

/** How a command reaches what it works on, as a port: its target's commands, and the service's addresses. */
export interface Reach {
  readonly openTarget: typeof openTarget;
  readonly probesOf: typeof probesOf;
}
