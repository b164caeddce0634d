import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { atomicWriteFile } from '@dhash/journal';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { type Ask, type GivenAnswers, gatherAnswers } from '../../first-hour/gather-answers.ts';
import { getFrom, lookAtService } from '../../first-hour/look-at-service.ts';
import { gatesYaml, proposeGates } from '../../first-hour/propose-gates.ts';
import { readOrigin } from '../../first-hour/read-origin.ts';
import { rolloutYaml } from '../../first-hour/rollout-yaml.ts';
import { collect, type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';
import { examine } from './doctor.ts';

interface InitFlags extends GlobalOptions, GivenAnswers {
  readonly from?: string;
}

export const registerInit: Register = (command, run) => {
  withGlobalOptions(
    command
      .option('--from <origin>', 'how it runs today: systemd:UNIT, compose or procfile')
      .option('--service <name>', 'its name (default: the folder)')
      .option('--url <address>', 'where it answers')
      .option('--run <command>', 'runs it, in the folder of a release')
      .option('--start <command>', 'starts it in the background and comes back (with --stop)')
      .option('--stop <command>', 'stops it; harmless where it does not run')
      .option(
        '--artifact <pattern>',
        'where releases lie, with {version} (default: releases/{version})',
      )
      .option('--data <path>', 'a folder or SQLite file that it writes; repeatable', collect, [])
      .option(
        '--rollback-data <what>',
        'restore or keep: what an automatic rollback does with these',
      )
      .option('--env <name>', 'name of the environment', 'production')
      .addHelpText(
        'after',
        '\nExample: dhash-rollout init --from systemd:shop --url http://127.0.0.1:8000 --data /srv/shop/orders.db --rollback-data restore',
      ),
  ).action((flags: InitFlags) => run('init', flags, (context) => init(context, flags)));
};

/** Asks on the terminal; with --json, or without a terminal, there is nobody to ask. */
const askOnTerminal = (context: CommandContext): { ask: Ask; close: () => void } => {
  if (!process.stdin.isTTY || context.output.json) return { ask: null, close: () => undefined };
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ask: Ask = async (question, proposal) => {
    const said = await lines.question(`${question} [${proposal}] `, { signal: context.signal });
    return said.trim() === '' ? proposal : said.trim();
  };
  return { ask, close: () => lines.close() };
};

const init = async (context: CommandContext, flags: InitFlags): Promise<CommandResult> => {
  const { output, configFile } = context;
  const folder = dirname(configFile);
  const gatesFile = join(folder, 'gates.yaml');
  for (const file of [configFile, gatesFile])
    if (existsSync(file))
      throw new RolloutError(
        'is-there',
        exitCodes.usage,
        `${file} is there already: nothing was written`,
        {
          hints: [
            'read it: npx dhash-rollout doctor',
            'or write another one: --config FILE, in a folder of its own',
          ],
        },
      );
  const found = flags.from === undefined ? {} : await readOrigin(flags.from, folder);
  const { ask, close } = askOnTerminal(context);
  const answers = await gatherAnswers(flags, found, folder, ask).finally(close);
  const seen = await lookAtService(getFrom(answers.url, context.signal));
  output.line(
    seen.health === null
      ? `nothing answers at ${answers.url}: its health and metrics are for you to write`
      : `${answers.url} answers at ${seen.health.path}${seen.health.version === null ? '' : `, and names its release in "${seen.health.version}"`}`,
  );
  const gates = proposeGates(seen.metrics?.text ?? null);
  for (const { name, because } of gates) output.line(`gate ${name}: ${because}`);
  await atomicWriteFile(gatesFile, gatesYaml(answers.env, gates));
  await atomicWriteFile(configFile, rolloutYaml(answers, seen));
  output.line(`wrote ${configFile} and ${gatesFile}: read them, then`);
  const doctor = await examine(context, { env: answers.env });
  output.line(
    `next, where it runs already: npx dhash-rollout adopt --env ${answers.env} --version VERSION`,
  );
  output.line(
    `next, where it does not: npx dhash-rollout deploy --env ${answers.env} --version VERSION`,
  );
  return {
    exit: exitCodes.done,
    fields: {
      env: answers.env,
      service: answers.service,
      gates: ['healthFailures', ...gates.map(({ name }) => name)],
      doctor: doctor.exit,
    },
  };
};
