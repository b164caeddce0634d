import { createNotifier, type Notifier } from '@dhash/notifier';
import { factsOf } from '../config/secrets-in-facts.ts';
import { type CommandContext, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';

/** The environment's channels and spool. Apart from the announcer, which brings the pages of a run along. */
export const openNotifier = (context: CommandContext, environment: Environment): Notifier =>
  createNotifier({
    channels: environment.config.channels,
    folder: environment.layout.notifications,
    clock: context.clock,
    keptMaxAgeMs: environment.config.keepFor.messages ?? Number.POSITIVE_INFINITY,
    secrets: environment.config.secrets,
    facts: factsOf(environment.config).map(({ value }) => value),
    env: context.processEnv,
    attachmentFolder: environment.config.root,
    repeat: {
      acknowledge: (run) => commandHint(context, `ack ${run} --env ${environment.config.env}`),
    },
  });
