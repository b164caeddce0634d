import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes } from '../../errors.ts';
import { openNotifier } from '../../notify/open-notifier.ts';
import { visible } from '../../words/visible.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface AckFlags extends GlobalOptions {
  readonly env: string;
}

export const registerAck: Register = (command, run) => {
  withGlobalOptions(
    command.option('--env <name>', 'environment of rollout.yaml', 'production'),
  ).action((runId: string, flags: AckFlags) =>
    run('ack', flags, (context) => ack(context, runId, flags)),
  );
};

const ack = async (
  context: CommandContext,
  run: string,
  flags: AckFlags,
): Promise<CommandResult> => {
  const { output } = context;
  const notifier = openNotifier(context, await openEnvironment(context, flags.env));
  const ended = await notifier.acknowledge(run);
  const others = await notifier.repeating();
  output.line(
    ended === null
      ? visible(`nothing is repeated for ${run}`)
      : visible(
          `not said again: "${ended.title}", said ${ended.count === 1 ? 'once' : `${ended.count} times`}`,
        ),
  );
  for (const other of others)
    output.line(visible(`still said again: ${other.run} "${other.title}"`));
  return { exit: exitCodes.done, fields: { run, ended, repeating: others } };
};
