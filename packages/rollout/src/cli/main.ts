import { Command, CommanderError } from 'commander';
import { Interrupted } from '../environment/context.ts';
import { exitCodes } from '../errors.ts';
import { systemClock } from '../process/clock.ts';
import { tool } from '../tool.ts';
import { addCommands } from './add-commands.ts';
import { commandTree } from './command-tree.ts';
import type { Run } from './register.ts';
import type { CommandIo } from './run-command-line.ts';
import { refuseUnclearValues } from './strict-values.ts';
import { streamsFor } from './unheld-streams.ts';

/** Whether it may act on a service, now or hours later. */
const mayGuard = (command: string, options: object): boolean =>
  ['deploy', 'monitor', 'rollback', 'watchdog'].includes(command) &&
  !('dryRun' in options && options.dryRun === true);

/** Signals of the process become an aborted signal with its exit code, a second one `leave`; SIGHUP changes nothing. */
const processIo = (
  command: string | undefined,
): { io: CommandIo; dispose: () => Promise<void> } => {
  const streams = streamsFor(command);
  const abort = new AbortController();
  const leave = new AbortController();
  const on = (signal: 'SIGINT' | 'SIGTERM') => () =>
    (abort.signal.aborted ? leave : abort).abort(new Interrupted(signal));
  const onInt = on('SIGINT');
  const onTerm = on('SIGTERM');
  // A watch goes on without its terminal; what it still writes there is lost on purpose.
  const ignore = () => undefined;
  process.on('SIGINT', onInt);
  process.on('SIGTERM', onTerm);
  process.on('SIGHUP', ignore);
  process.stdout.on('error', ignore);
  process.stderr.on('error', ignore);
  return {
    io: {
      stdout: streams.stdout,
      stderr: streams.stderr,
      processEnv: process.env,
      cwd: process.cwd(),
      clock: systemClock,
      signal: abort.signal,
      leave: leave.signal,
    },
    dispose: async () => {
      await streams.end();
      process.off('SIGINT', onInt);
      process.off('SIGTERM', onTerm);
      process.off('SIGHUP', ignore);
      // Their listeners stay: a closed pipe can say so after the last line was handed over.
    },
  };
};

const buildProgram = async (io: CommandIo, run: Run, argv: readonly string[]): Promise<Command> => {
  const program = new Command('dhash-rollout')
    .description(
      'Guarded rollouts: back up, migrate, activate, watch, and put back where a gate breaks',
    )
    .version(tool.version)
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => {
        io.stdout.write(text);
      },
      writeErr: (text) => {
        io.stderr.write(text);
      },
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 done · 1 failed, as before · 2 usage · 3 inconclusive · 4 rolled back · 5 gate broke, not rolled back ·\n' +
        '  6 rollback not validated, people needed · 7 busy · 8 not verified · 70 unexpected · 130/143 interrupted',
    );
  await addCommands(program, run, commandTree, argv);
  exitOverrideAll(program);
  refuseUnclearValues(program);
  return program;
};

const exitOverrideAll = (command: Command): void => {
  command.exitOverride();
  command.showHelpAfterError('(--help shows the options)');
  for (const sub of command.commands) exitOverrideAll(sub);
};

/**
 * The command line. Resolves with the exit code and never exits the process itself.
 *
 * @param argv arguments after the program's name, e.g. `['deploy', '--env', 'production']`
 * @param given the process to run in; the real one by default
 */
export const main = async (argv: readonly string[], given?: CommandIo): Promise<number> => {
  const own = given === undefined ? processIo(argv[0]) : null;
  const io = given ?? own?.io;
  if (io === undefined) return exitCodes.unexpected;
  let exit: number = exitCodes.done;
  const run: Run = async (command, options, work, log = null) => {
    const { runCommandLine } = await import('./run-command-line.ts');
    if (mayGuard(command, options)) await (await import('./load-ahead.ts')).loadAhead();
    exit = await runCommandLine({ ...io, typed: argv }, command, options, work, log);
  };
  try {
    await (await buildProgram(io, run, argv)).parseAsync([...argv], { from: 'user' });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.done;
    if (argv.includes('--json'))
      io.stdout.write(
        `${JSON.stringify({ type: 'result', command: argv[0] ?? '', exit: exitCodes.usage, error: error.code, message: error.message })}\n`,
      );
    return exitCodes.usage;
  } finally {
    await own?.dispose();
  }
};
