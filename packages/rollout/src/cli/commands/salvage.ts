import { resolve } from 'node:path';
import { requireOutsideLiveData } from '../../backup/outside-live-data.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { lookIntoCopy } from '../../salvage/look-into.ts';
import { putBack } from '../../salvage/put-back.ts';
import { visibleLine } from '../../words/visible.ts';
import { collect, type Register, withGlobalOptions, withTakeOver } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface SalvageFlags extends GlobalOptions {
  readonly copy?: string;
  readonly full?: boolean;
  readonly out?: string;
  readonly apply?: boolean;
  readonly table: readonly string[];
  readonly files: readonly string[];
}

export const registerSalvage: Register = (command, run) => {
  withGlobalOptions(
    withTakeOver(
      command
        .argument('[act]', 'apply: the same as --apply')
        .option('--copy <file>', 'another copy than the newest that the run set aside')
        .option('--full', 'list every row and file')
        .option('--out <folder>', 'write what was found there: SQL, JSON lines, files')
        .option('--apply', 'put in what --table and --files choose; without it nothing is changed')
        .option(
          '--table <name>',
          'with --apply: TABLE or SOURCE.TABLE; may be repeated',
          collect,
          [],
        )
        .option('--files <glob>', "with --apply: 'uploads/**'; may be repeated", collect, []),
    ),
  ).action((of: string, act: string | undefined, flags: SalvageFlags) =>
    run('salvage', flags, (context) => runSalvage(context, of, withAct(flags, act))),
  );
};

/** `salvage RUN apply` is `salvage RUN --apply`. */
const withAct = (flags: SalvageFlags, act: string | undefined): SalvageFlags => {
  if (act === undefined) return flags;
  if (act === 'apply') return { ...flags, apply: true };
  throw new RolloutError(
    'unknown-act',
    exitCodes.usage,
    `"${visibleLine(act)}" is nothing that salvage does: apply, or no word to look`,
  );
};

const runSalvage = async (
  context: CommandContext,
  of: string,
  flags: SalvageFlags,
): Promise<CommandResult> => {
  const { copy, out, table: tables, files } = flags;
  const request = {
    run: of,
    copy: copy === undefined ? null : resolve(context.cwd, copy),
    full: flags.full === true,
  };
  const isChosen = tables.length + files.length > 0;
  if (flags.apply === true) {
    if (!isChosen || out !== undefined)
      throw new RolloutError(
        'nothing-chosen',
        exitCodes.usage,
        isChosen
          ? '--out is for looking: leave --apply out'
          : "--apply needs what to put in: --table TABLE, --files 'GLOB', or several of them",
      );
    return putBack(context, { ...request, tables, files });
  }
  if (isChosen)
    throw new RolloutError(
      'not-applied',
      exitCodes.usage,
      '--table and --files choose what --apply puts in: add it, or leave them out to see all',
    );
  const to = out === undefined ? null : resolve(context.cwd, out);
  if (to !== null) await requireOutsideLiveData(context, { to, given: `--out ${out}` });
  return lookIntoCopy(context, { ...request, out: to });
};
