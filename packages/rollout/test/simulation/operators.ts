import { main } from '../../src/cli/main.ts';
import { Interrupted } from '../../src/environment/context.ts';
import type { Doom, SimProcess } from './kernel.ts';
import { reachOf } from './service.ts';
import type { World } from './world.ts';

/** A command that somebody typed. */
export interface Typed {
  readonly argv: readonly string[];
  readonly process: SimProcess;
  /** A page of `status` had offered it. */
  readonly wasOffered: boolean;
  /** What it printed so far. */
  out(): string;
  /** `null`: it has not ended, and never will where it was killed. */
  exit(): number | null;
  /** Ctrl-C or TERM; a second one leaves everything as it is. */
  signal(): void;
}

/** Types a command at a terminal of its own: the real command line, in a process of this world. */
export const type = (
  world: World,
  argv: readonly string[],
  { doom, wasOffered = false }: { readonly doom: Doom | null; readonly wasOffered?: boolean },
): Typed => {
  const { kernel, root } = world;
  const abort = new AbortController();
  const leave = new AbortController();
  let out = '';
  let exit: number | null = null;
  const stream = {
    write: (text: string) => {
      out += text;
    },
  };
  const process = kernel.spawn(argv.join(' '), { doom }, async () => {
    world.note({ kind: 'began', argv });
    const ended = await main(argv, {
      stdout: stream,
      stderr: stream,
      processEnv: { SUDO_USER: `operator-${argv[0]}` },
      cwd: root,
      clock: kernel.clock,
      signal: abort.signal,
      leave: leave.signal,
      reach: reachOf(world),
    });
    exit = ended;
    world.note({ kind: 'ended', exit: ended, out });
  });
  return {
    argv,
    process,
    wasOffered,
    out: () => out,
    exit: () => exit,
    signal: () => {
      if (process.state !== 'running') return;
      world.note({ kind: 'signalled', signal: 'SIGTERM' }, process.pid);
      kernel.inside(process, () =>
        (abort.signal.aborted ? leave : abort).abort(new Interrupted('SIGTERM')),
      );
    },
  };
};

const prompt = '  → npx dhash-rollout ';

/** The commands that a page of `status` offers, the recommended first, ready to be typed. */
export const offered = (page: string): string[][] =>
  page
    .split('\n')
    .filter((line) => line.startsWith(prompt))
    .map((line) => line.slice(prompt.length).split(/ {3,}/, 1)[0] ?? '')
    .map((command) => command.replaceAll('"…"', 'because').split(' '));
