import { resolve } from 'node:path';
import { atomicWriteFile } from '@dhash/journal';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { kindsWithPage, readRunPage, writeRunPages } from '../../pages/write-run-pages.ts';
import { environmentIn, listRuns } from '../../record/runs.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface ReportFlags extends GlobalOptions {
  readonly env?: string;
  readonly run?: string;
  readonly out?: string;
}

export const registerReport: Register = (command, run) => {
  withGlobalOptions(
    command
      .option('--env <name>', "environment of rollout.yaml (default: the run's own, or production)")
      .option('--run <run>', 'run id, the same as the argument (default: the newest run)')
      .option('--out <file>', 'write the page there, and nothing else'),
  ).action((named: string | undefined, flags: ReportFlags) =>
    run('report', flags, (context) => writeReport(context, named ?? flags.run, flags)),
  );
};

const writeReport = async (
  context: CommandContext,
  named: string | undefined,
  { env, out }: ReportFlags,
): Promise<CommandResult> => {
  const own = named === undefined ? null : environmentIn(named);
  const environment = await openEnvironment(context, env ?? own ?? 'production');
  const { layout, config } = environment;
  const runs = await listRuns(layout, config.env);
  const chosen = runs.find(({ state }) =>
    named === undefined ? kindsWithPage.includes(state.kind) : state.run === named,
  );
  if (chosen === undefined)
    throw new RolloutError(
      'no-such-run',
      exitCodes.usage,
      named === undefined ? `${config.env} has no run yet` : `${config.env} has no run ${named}`,
      { hints: ['npx dhash-rollout history lists the runs'] },
    );
  const { run } = chosen.state;
  const of = { run, events: chosen.events };
  const file = out === undefined ? layout.run(run).report : resolve(context.cwd, out);
  if (out === undefined) await writeRunPages(environment, of);
  else await atomicWriteFile(file, (await readRunPage(environment, of)) ?? '', { mode: 0o600 });
  const shown = out ?? environment.shown(file);
  context.output.line(shown);
  return { exit: exitCodes.done, run, fields: { report: shown } };
};
