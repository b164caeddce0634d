import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes } from '../../errors.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';
import { validateLogs } from '../validate-logs.ts';

interface ValidateFlags extends GlobalOptions {
  readonly env: string;
}

export const registerValidateLogging: Register = (command, run) => {
  withGlobalOptions(
    command.option('--env <name>', 'environment whose secrets are looked for', 'production'),
  ).action((flags: ValidateFlags) =>
    run('validate-logging', flags, (context) => validate(context, flags), {
      name: 'test_logging.log',
    }),
  );
};

const checkNames = {
  chain: 'records whose hash chain holds',
  complete: 'records that are complete',
  samples: 'sample logs that parse',
  json: 'JSON files that parse',
  secret: 'files without a secret',
} as const;

const validate = async (context: CommandContext, flags: ValidateFlags): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  const findings = await validateLogs(environment.layout, environment.config.secrets);
  const problems = findings.filter(({ problem }) => problem !== null);
  for (const [check, name] of Object.entries(checkNames)) {
    const of = findings.filter((finding) => finding.check === check);
    const good = of.filter(({ problem }) => problem === null).length;
    context.output.line(
      `${good === of.length ? 'ok     ' : 'FAILED '} ${good} of ${of.length} ${name}`,
    );
  }
  for (const { file, problem } of problems) context.output.line(`  ${file}: ${problem}`);
  if (findings.length === 0) context.output.line('no run has written a log yet');
  return {
    exit: problems.length === 0 ? exitCodes.done : exitCodes.notVerified,
    fields: { checks: findings.length, problems, log: 'test_logging.log' },
  };
};
