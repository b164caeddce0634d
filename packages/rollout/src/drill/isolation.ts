import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** How a drilled service is kept from everything else on this machine. */
export type Isolation =
  /** Linux namespaces: processes of its own, live data read-only, and (with `network: none`) only its own loopback. */
  | { readonly kind: 'namespaces'; readonly prefix: readonly string[] }
  /** This machine doesn't let us. */
  | { readonly kind: 'none'; readonly why: string };

export interface IsolationRequest {
  readonly network: 'none' | 'allow';
  /** Live data: nothing of it can be written from inside. What does not exist is left out. */
  readonly readOnly: readonly string[];
}

/**
 * First process of a room, and its reaper: loopback up, live data read-only, then the command after `--`. When
 * that ends, all of the room ends.
 */
const SETUP = `
set -e
PATH=$PATH:/usr/sbin:/sbin
if [ "$1" = none ]; then ip link set lo up; fi
shift
while [ "$1" != -- ]; do mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; done
shift
exec 3<&0
"$@" <&3 3<&- &
wait $!
`;

/** As who we are; else, where the system allows it, as the same user in a user namespace. */
const IDENTITIES: readonly (readonly string[])[] = [[], ['--map-current-user', '--keep-caps']];

const prefixOf = (
  identity: readonly string[],
  { network, readOnly }: IsolationRequest,
): string[] => [
  'unshare',
  ...identity,
  ...(network === 'none' ? ['--net'] : []),
  ...['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
  ...['sh', '-c', SETUP, 'room', network, ...readOnly.filter((path) => existsSync(path)), '--'],
];

/** Null where it ends well, else what it complained of. */
const whyNot = ([program = '', ...args]: readonly string[]): Promise<string | null> =>
  new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (exit) => resolve(exit === 0 ? null : said.trim() || `exit ${exit}`));
  });

/** Tries what a room needs, for real, and leaves nothing. */
export const findIsolation = async (request: IsolationRequest): Promise<Isolation> => {
  let why = 'it takes Linux namespaces';
  if (process.platform !== 'linux') return { kind: 'none', why };
  for (const identity of IDENTITIES) {
    const prefix = prefixOf(identity, request);
    const problem = await whyNot([...prefix, 'true']);
    if (problem === null) return { kind: 'namespaces', prefix };
    why = problem;
  }
  return { kind: 'none', why };
};
