import { openEnvironment } from '../../environment/environment.ts';
import { type ServiceAct, serviceByHand } from '../../takeover/service-by-hand.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface ServiceFlags extends GlobalOptions {
  readonly env: string;
  readonly reason: string;
}

const registerAct =
  (act: ServiceAct): Register =>
  (command, run) => {
    withGlobalOptions(
      command
        .requiredOption('--env <name>', 'environment of rollout.yaml')
        .option('--reason <text>', 'why, for the record', 'by hand'),
    ).action((flags: ServiceFlags) =>
      run(act, flags, async (context) =>
        serviceByHand(context, await openEnvironment(context, flags.env), act, flags.reason),
      ),
    );
  };

export const registerStart = registerAct('start');
export const registerStop = registerAct('stop');
