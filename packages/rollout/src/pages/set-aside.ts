import { allOf, type RecordedEvent } from '../record/events.ts';
import { rowsWritten, type Written, writtenIn } from '../words/describe-written.ts';
import { counted } from './in-words.ts';

/** What was live when data was put back: it lies in the safety folder. */
export interface SetAside {
  /** The zips, as the record names them, oldest first. */
  readonly files: readonly { readonly file: string; readonly sha256: string }[];
  /** What they hold that the backup did not; `null`: not known. */
  readonly written: Written | null;
}

const zipIn = (data: unknown): { file: string; sha256: string }[] => {
  if (typeof data !== 'object' || data === null) return [];
  const { file, sha256 } = data as Record<string, unknown>;
  return typeof file === 'string' && typeof sha256 === 'string' ? [{ file, sha256 }] : [];
};

const filesIn = (event: RecordedEvent): SetAside['files'] => {
  if (event.type === 'step.done')
    return event.scope === 'rollback' && event.step === 'safety' ? zipIn(event.data) : [];
  return event.type === 'data.set-aside' || event.type === 'put-aside.kept' ? zipIn(event) : [];
};

const writtenOf = (event: RecordedEvent): Written | null => {
  if (event.type === 'data.set-aside') return writtenIn(event.written);
  if (event.type !== 'step.done' || event.scope !== 'rollback' || event.step !== 'incident')
    return null;
  const data: unknown = event.data;
  return typeof data === 'object' && data !== null && 'written' in data
    ? writtenIn(data.written)
    : null;
};

/** `null`: nothing was. Pure. */
export const setAsideOf = (events: readonly RecordedEvent[]): SetAside | null => {
  const files = events.flatMap(filesIn);
  const written = allOf(events, 'step.done', 'data.set-aside').findLast(
    (event) => writtenOf(event) !== null,
  );
  if (files.length === 0 && written === undefined) return null;
  return { files, written: written === undefined ? null : writtenOf(written) };
};

/** `426 rows and 2 files were set aside`; `null`: nothing that was written since the backup. */
export const setAsideInWords = ({ written }: SetAside): string | null => {
  if (written === null) return 'what was live was set aside';
  const rows = rowsWritten(written);
  const files = written.files.added.count + written.files.changed.count;
  const parts = [
    ...(rows > 0 ? [counted(rows, 'row')] : []),
    ...(files > 0 ? [counted(files, 'file')] : []),
  ];
  if (parts.length > 0)
    return `${parts.join(' and ')} ${rows + files === 1 ? 'was' : 'were'} set aside`;
  return written.tables.length > 0 || written.files.removed.count > 0
    ? 'what had changed since the backup was set aside'
    : null;
};
