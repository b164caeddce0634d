import type { CommandContext } from '../../environment/context.ts';
import type { Environment } from '../../environment/environment.ts';
import { whoHolds } from '../../process/open-files.ts';
import { dataFiles } from '../../targets/verified-target.ts';
import { visibleLine } from '../../words/visible.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** Which variables commands get, and which of ours they do not. */
const variables = ({ config }: Environment, processEnv: NodeJS.ProcessEnv): Finding[] => {
  const { given, withheld, problem: unread } = config.commands;
  if (unread !== null)
    return [problem(`envFile: ${unread.message}; every command that starts or stops is refused`)];
  const names = Object.keys(given);
  const kept = withheld.filter((name) => processEnv[name] !== undefined);
  return [
    ...(names.length === 0 ? [] : [ok(`commands get ${names.join(', ')} from env and envFile`)]),
    ...(kept.length === 0
      ? []
      : [
          ok(
            `commands do not get ${kept.join(', ')}: only channels or other environments use them`,
          ),
        ]),
  ];
};

/** Whether a stop of this service could be seen to have stopped it. */
const stopIsSeen = async (
  context: CommandContext,
  environment: Environment,
): Promise<Finding[]> => {
  const { config } = environment;
  const { stopCheck } = config.target;
  if (stopCheck === 'none')
    return [warning('target.stopCheck is none: a stop command that stops nothing is believed')];
  const { files, folders } = dataFiles(config);
  if (stopCheck === 'address' || files.length + folders.length === 0) return [];
  const { looked, holders, unseen } = await whoHolds({ files, folders });
  if (!looked) return [ok('whether a stop left the data open can be told on Linux only')];
  const answers = (await environment.health(null).check(context.signal)).ok === true;
  const [first] = holders;
  if (first !== undefined) {
    const who = `pid ${first.pid} (${visibleLine(first.command)}) has ${visibleLine(first.path)} open`;
    return answers ? [ok(`data: ${who}`)] : [warning(`the service does not answer, and ${who}`)];
  }
  return answers && unseen > 0
    ? [
        warning(
          `after a stop the open files of ${unseen} processes of other users could not be looked at: run as root or as the service's user to see that nobody holds the data`,
        ),
      ]
    : [];
};

/** What holds of the commands of an environment. */
export const commandFindings = async (
  context: CommandContext,
  environment: Environment,
): Promise<Finding[]> => [
  ...variables(environment, context.processEnv),
  ...(await stopIsSeen(context, environment)),
];
