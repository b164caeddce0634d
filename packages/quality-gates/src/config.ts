// A watch needs none of it: what is done with a policy before one is started.
export { disarm } from './arming/disarm.ts';
export {
  type ArmingRefusal,
  type GateLook,
  judgeArming,
  type LookOptions,
  lookAtGates,
  refusingLooks,
} from './arming/look-at-gates.ts';
export {
  type Counter,
  counter,
  defineGates,
  type EnvironmentInput,
  type GateInput,
  type GatesInput,
  type Gauge,
  gauge,
  type Histogram,
  histogram,
} from './config/define-gates.ts';
export { type ConfigIssue, GatesConfigError, isGatesConfigError } from './config/errors.ts';
export { fingerprintOf } from './config/fingerprint.ts';
export { jsonSchema } from './config/json-schema.ts';
export { type OnBreakPlace, onBreakPlace } from './config/on-break-place.ts';
export { environmentsOf, type GatesFile, gatesFor, parseGates } from './config/parse-gates.ts';
export { gateWarnings } from './config/warnings.ts';
export { isGatesError } from './errors.ts';
export type { WatchPolicy } from './policy.ts';
