// Withheld: parseJournal, sealEvent and how a lock asks after its holder.
export { atomicWriteFile } from './atomic-write-file.ts';
export { canonicalJson } from './canonical-json.ts';
export type { JournalEvent, NewEvent } from './chain.ts';
export { isJournalError, JournalError, type JournalErrorCode } from './errors.ts';
export {
  type Journal,
  openJournal,
  readJournal,
  type VerifiedJournal,
  verifyJournal,
} from './journal.ts';
export type { Json } from './json.ts';
export { type LeaseClock, leaseMs } from './lease.ts';
export {
  type Acquisition,
  acquireLock,
  type Lock,
  type LockOptions,
  readLock,
} from './lock.ts';
export type { LockHolder, LockRole } from './lock-file.ts';
export { makeFolder } from './make-folder.ts';
export { isRightMissing, missingRight, missingRightOf } from './missing-right.ts';
export { currentBootId, hasRebootedSince, type Standing } from './process-identity.ts';
export {
  runSteps,
  type Step,
  type StepEvent,
  type StepsOptions,
  type StepsOutcome,
  undoSteps,
} from './run-steps.ts';
export type { HeldBecause } from './take-over.ts';
