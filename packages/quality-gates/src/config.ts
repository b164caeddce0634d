export { type ConfigIssue, GatesConfigError, isGatesConfigError } from './config/errors.ts';
export { fingerprintOf } from './config/fingerprint.ts';
export { jsonSchema } from './config/json-schema.ts';
export { environmentsOf, type GatesFile, gatesFor, parseGates } from './config/parse-gates.ts';
export { gateWarnings } from './config/warnings.ts';
export { isGatesError } from './errors.ts';
export type { WatchPolicy } from './policy.ts';
