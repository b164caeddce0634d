import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startHttpServer, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';

const source = new URL('../../src/cli/main.ts', import.meta.url).href;
const program = `process.exitCode = await (await import(${JSON.stringify(source)})).main(process.argv.slice(1), '1.2.3');`;

const run = async (
  args: string[],
  onLine: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
) => {
  const child = spawn(
    process.execPath,
    ['--conditions=@dhash/source', '--input-type=module', '-e', program, '--', ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
    onLine(out, (signal) => child.kill(signal));
  });
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const exit = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exit, out, errors };
};

const gates = async (duration: string): Promise<string> => {
  const file = join(await tempFolder(), 'gates.json');
  const pollCadence = { initial: 1, normal: 1, initialPeriod: 1 };
  const qualityGates = {
    healthFailures: { threshold: 2 },
    lowConfidenceQueue: { threshold: 1000 },
  };
  const environment = { duration, pollCadence, minCoverage: 0.3, minJudged: 0.3, qualityGates };
  await writeFile(file, JSON.stringify({ environments: { production: environment } }));
  return file;
};

const startService = (queue: number) =>
  startHttpServer(({ url }, response) => {
    response.end(url === '/metrics' ? `low_confidence_queue_length ${queue}\n` : 'OK');
  });

it.each([
  ['the gates held', 10, 0, 'promote'],
  ['a gate broke', 1001, 5, 'alert'],
] as const)('the exit code is the decision: %s', async (_, queue, exit, decision) => {
  const { url } = await startService(queue);
  const ran = await run(['--url', url, '--gates', await gates('3s'), '--json']);
  expect(ran).toMatchObject({ exit, errors: '' });
  const lines = ran.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.at(-1)).toMatchObject({ type: 'result', decision, exit });
  expect(lines.at(0)).toMatchObject({ type: 'poll', sample: { health: { ok: true } } });
});

it('a dry run looks at each gate, and says which can not be judged', async () => {
  const { url } = await startService(10);
  const options = ['--url', url, '--gates', await gates('10m'), '--dry-run'];
  const ran = await run(options);
  expect(ran).toMatchObject({ exit: 0, errors: '' });
  expect(ran.out).toMatch(/^ready: lowConfidenceQueue: 10 items/m);
  const blind = await run([...options, '--metrics', '/none', '--json']);
  expect(blind.exit).toBe(3);
  expect(JSON.parse(blind.out)).toMatchObject({
    type: 'result',
    exit: 3,
    gates: [{ state: 'ready' }, { gate: 'lowConfidenceQueue', state: 'blind' }],
    sample: { health: { ok: true } },
  });
});

it('says its version', async () => {
  expect(await run(['--version'])).toEqual({ exit: 0, out: '1.2.3\n', errors: '' });
});

it('a signal ends it, and wrong usage is 2', async () => {
  const { url } = await startService(10);
  const file = await gates('10m');
  let isKilled = false;
  const ran = await run(['--url', url, '--gates', file], (out, kill) => {
    if (out.includes('health OK') && !isKilled) {
      isKilled = true;
      kill('SIGTERM');
    }
  });
  expect(ran).toMatchObject({ exit: 143, out: expect.stringContaining('interrupted') });
  expect(await run(['--url', url])).toMatchObject({
    exit: 2,
    errors: expect.stringContaining('--gates are needed'),
  });
  expect(await run(['--url', url, '--gates', '/nowhere.json'])).toMatchObject({
    exit: 2,
    errors: expect.stringContaining('ENOENT'),
  });
});
