// Withheld: parseJournal, sealEvent and the process identity, which are how this package does it.
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
export {
  type Acquisition,
  acquireLock,
  type Lock,
  type LockHolder,
  type LockOptions,
  readLock,
} from './lock.ts';
export { makeFolder } from './make-folder.ts';
export {
  runSteps,
  type Step,
  type StepEvent,
  type StepsOptions,
  type StepsOutcome,
  undoSteps,
} from './run-steps.ts';
