export type { BackupOptions } from './backup-options.ts';
export { type CopyRecord, readCopies, recordCopy } from './copies/copies-file.ts';
export {
  type CopiedBackup,
  type CopyOptions,
  copyBackup,
  type FetchOptions,
  fetchBackup,
} from './copies/copy-backup.ts';
export type { Rclone, RcloneEnd } from './copies/rclone.ts';
export { type CopyAddress, copyAddress, isCopyAddress, remoteProblem } from './copies/remote.ts';
export { type BackupReport, createBackup } from './create-backup.ts';
export type { Disk } from './disk.ts';
export { type Proof, readProof, withdrawProof, writeProof } from './drill/proof.ts';
export { type ScratchOptions, withScratch } from './drill/scratch.ts';
export {
  BackupError,
  type BackupErrorCode,
  type BackupErrorDetails,
  isBackupError,
} from './errors.ts';
export { type BackupEstimate, estimateBackup } from './estimate-backup.ts';
export { deleteSnapshot } from './kind/external.ts';
export { type BackupListing, listBackups } from './list-backups.ts';
export type {
  Manifest,
  ManifestChunk,
  ManifestDir,
  ManifestEntry,
  ManifestFile,
  ManifestLink,
  ManifestSource,
} from './manifest.ts';
export { type CheckedDumps, checkDumps } from './postgres/check-dumps.ts';
export {
  addressOf as postgresAddressOf,
  isBySocket as isPostgresBySocket,
  isSameDatabase,
  parseConnection as parsePostgresUrl,
} from './postgres/connection.ts';
export { countPostgresRows } from './postgres/count-rows.ts';
export { lookAtPostgres } from './postgres/look.ts';
export { runPostgresScript } from './postgres/run-script.ts';
export { drillId, sweepDrillDatabases } from './postgres/scratch-database.ts';
export { type SideCopyOptions, withPostgresCopy } from './postgres/side-copy.ts';
export { canPutBack, type PutBackOptions } from './put-back/can-put-back.ts';
export type { Obstacle, ObstacleKind } from './put-back/obstacle.ts';
export { rescueNameOf } from './rescue/render-rescue.ts';
export {
  type CompareOptions,
  type CountedNames,
  compareData,
  type DataDifference,
  type TableDifference,
} from './restore/compare.ts';
export { proveRestored, type RestoreProof } from './restore/prove.ts';
export { type RestoredPart, type RestorePartOptions, restorePart } from './restore/restore-part.ts';
export { type StagedRestore, type StageOptions, stageRestore } from './restore/stage.ts';
export type { DatabaseTarget, PathTarget, StagedTarget } from './restore/staged-target.ts';
export {
  discardWork,
  liveSources,
  putAsideSources,
  type RestoreOptions,
  restoreTargets,
  stagedSources,
  swapBack,
  swapIn,
} from './restore/swap.ts';
export { applyPrune } from './retention/apply-prune.ts';
export type { Bounds } from './retention/bounds.ts';
export type { KeepPolicy } from './retention/keep-policy.ts';
export {
  type PrunableBackup,
  type PruneFacts,
  type PruneLine,
  type PrunePlan,
  planPrune,
} from './retention/plan-prune.ts';
export { describeShrink, type ShrinkFinding, type SourceAmounts } from './retention/shrink.ts';
export { amountsOf, type BackupSummary } from './retention/summary.ts';
export {
  acceptShrink,
  recordSummary,
  type SurveyedBackup,
  type SurveyOptions,
  surveyBackups,
} from './retention/survey-backups.ts';
export type { RowConflict } from './salvage/classify-table.ts';
export type { Cells } from './salvage/row-store.ts';
export {
  bringFound,
  type FoundSource,
  findSalvage,
  type PutSource,
  putSalvage,
  type SalvageChoice,
  type Salvaged,
  type SalvageOptions,
} from './salvage/salvage.ts';
export type { FoundFile } from './salvage/salvage-files.ts';
export type { ConflictLine, FoundRows } from './salvage/salvage-tables.ts';
export { describeConflict, insertStatement, shownRow } from './salvage/shown-rows.ts';
export { type DataShape, readShapes } from './shape/read-shapes.ts';
export { readSidecar } from './sidecar.ts';
export { leavesDatabaseOut } from './source/file-filter.ts';
export { matchGlobs as matchesGlob } from './source/match-glob.ts';
export type {
  CommandLine,
  CommandSource,
  DataSource,
  DiskOption,
  ExternalSource,
  FilesSource,
  PostgresSource,
  Progress,
  RescueHints,
  SqliteSource,
  ToolStamp,
} from './types.ts';
export {
  readManifest,
  type VerifiedBackup,
  type VerifyOptions,
  verifyBackup,
} from './verify-backup.ts';
export type { ReusedWork } from './write-entries.ts';
// Withheld: the zip reader and writer. They know only the zips of this package, and are no zip library.
