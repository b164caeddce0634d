import { existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isRightMissing, readJournal, verifyJournal } from '@dhash/journal';
import { layoutsOf } from '../../environment/all-layouts.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface VerifyFlags extends GlobalOptions {
  readonly head?: string;
}

export const registerJournalVerify: Register = (command, run) => {
  withGlobalOptions(
    command.option(
      '--head <seq:hash>',
      'also check against a head that went out in a message or report',
    ),
  ).action((given: string, flags: VerifyFlags) =>
    run('journal verify', flags, (context) => verify(context, given, flags.head ?? null)),
  );
};

export const registerJournalShow: Register = (command, run) => {
  withGlobalOptions(command).action((given: string, flags: GlobalOptions) =>
    run('journal show', flags, (context) => show(context, given)),
  );
};

const journalFile = async (context: CommandContext, given: string): Promise<string> => {
  const byRun = (await layoutsOf(context)).map((layout) => layout.run(given).journal);
  const file = [...byRun, resolve(context.cwd, given)].find((path) => existsSync(path));
  if (file !== undefined) return file;
  for (const path of byRun) await access(path).catch(throwMissingRight);
  throw new RolloutError('no-such-run', exitCodes.usage, `there is no record of "${given}"`, {
    hints: ['npx dhash-rollout history lists the runs'],
  });
};

/** A record that may not be seen is another thing than one that is not there. */
const throwMissingRight = (error: unknown): void => {
  if (isRightMissing(error)) throw error;
};

const verify = async (
  context: CommandContext,
  given: string,
  head: string | null,
): Promise<CommandResult> => {
  const file = await journalFile(context, given);
  const verified = await verifyJournal(file, head === null ? {} : { head });
  context.output.line(
    `${given}: OK, ${verified.events} events, head ${verified.head}` +
      `${verified.torn ? ', last line torn (it is cut at the next open)' : ''}${verified.closed ? '' : ', run still open'}`,
  );
  return { exit: exitCodes.done, fields: { file, ...verified } };
};

const show = async (context: CommandContext, given: string): Promise<CommandResult> => {
  const { events } = await readJournal(await journalFile(context, given));
  for (const event of events) {
    context.output.event(event);
    const { seq, at, prev: _prev, hash: _hash, type, ...rest } = event;
    const fields = JSON.stringify(rest);
    context.output.line(
      `${String(seq).padStart(4)}  ${at}  ${type}${fields === '{}' ? '' : `  ${fields}`}`,
    );
  }
  return { exit: exitCodes.done, fields: { events: events.length } };
};
