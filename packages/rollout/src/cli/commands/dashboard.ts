import { serveUntilStopped } from '../../dashboard/run-dashboard.ts';
import { exitCodes } from '../../errors.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface DashboardFlags extends GlobalOptions {
  readonly env?: string;
  readonly port?: string;
  readonly metricsPort?: string;
}

export const registerDashboard: Register = (command, run) => {
  withGlobalOptions(
    command
      .option('--env <name>', 'only this environment')
      .option('--port <number>', 'port to listen on; 0: any that is free (default: 7317)')
      .option('--metrics-port <number>', 'the newest run for Prometheus too, on 127.0.0.1'),
  ).action((flags: DashboardFlags) =>
    run('dashboard', flags, async (context) => {
      await serveUntilStopped(context, flags.env ?? null, flags);
      return { exit: exitCodes.done };
    }),
  );
};
