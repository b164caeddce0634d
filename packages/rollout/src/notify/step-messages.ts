import type { JournalEvent } from '@dhash/journal';
import type { MessageVariables } from './messages.ts';

/** A message that a step of a deploy gives rise to. */
export interface StepMessage {
  readonly event: string;
  readonly variables: MessageVariables;
}

const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** What people may hear of a step that is done: its backup, that one shrank, its migrations. */
export const messagesOfStep = ({ type, step, data }: JournalEvent): readonly StepMessage[] => {
  if (type !== 'step.done' || typeof step !== 'string') return [];
  if (step === 'migrate') return [{ event: 'migrate-done', variables: { step } }];
  if (!step.startsWith('backup')) return [];
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return [];
  const { file, entries, shrunken } = data;
  const fell = textsIn(shrunken);
  return [
    {
      event: 'backup-done',
      variables: { step, backup: String(file ?? ''), files: String(entries ?? '') },
    },
    ...(fell.length === 0
      ? []
      : [
          {
            event: 'backup-shrank',
            variables: {
              step,
              summary: `the backup of this deploy shrank: ${fell.join('; ')}. It is kept, and no older one is removed until somebody accepts it`,
            },
          },
        ]),
  ];
};
