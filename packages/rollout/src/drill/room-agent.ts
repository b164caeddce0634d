/**
 * What runs inside a room, beside the drilled service: it starts commands and asks addresses there, a JSON line
 * each way. It lives as long as its standard input, so that a killed drill leaves no service behind. As text,
 * because a bundle has no second file to start one from.
 *
 * argv: the id of the drill, which every process of it carries as ROLLOUT_RUN.
 */
export const ROOM_AGENT = `
const { spawn } = require('node:child_process');
const { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } = require('node:fs');
const { createInterface } = require('node:readline');
const marker = 'ROLLOUT_RUN=' + process.argv[1] + '\\0';
const tailBytes = 65536;
const groups = new Set();

const answer = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
const kill = (pid) => {
  try { process.kill(pid, 'SIGKILL'); } catch (error) { if (error.code !== 'ESRCH') throw error; }
};
const tailOf = (fd) => {
  const { size } = fstatSync(fd);
  const buffer = Buffer.alloc(Math.min(size, tailBytes));
  readSync(fd, buffer, 0, buffer.length, size - buffer.length);
  return buffer.toString('utf8');
};

const run = ({ id, command, cwd, timeoutMs, log }) => {
  const fd = openSync(log, 'ax+', 0o600);
  const [program, ...args] = typeof command === 'string' ? [command] : command;
  const child = spawn(program, args, {
    cwd, detached: true, shell: typeof command === 'string', stdio: ['ignore', fd, fd],
  });
  if (child.pid !== undefined) groups.add(child.pid);
  let timedOut = false;
  const timer = setTimeout(() => { timedOut = true; kill(-child.pid); }, timeoutMs);
  const settle = (result) => {
    clearTimeout(timer);
    answer({ id, ...result, timedOut, output: tailOf(fd) });
    closeSync(fd);
  };
  child.once('error', (error) => settle({ exit: null, signal: null, notStarted: error.message }));
  child.once('exit', (exit, signal) => settle({ exit, signal }));
};

const ask = async ({ id, url, headers, timeoutMs }) => {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
    answer({ id, status: response.status, body: await response.text() });
  } catch (error) {
    let at = error;
    while (at.cause instanceof Error && typeof at.code !== 'string') at = at.cause;
    answer({ id, failed: at.message || String(at.code), code: typeof at.code === 'string' ? at.code : null });
  }
};

/** What made itself a session of its own is found by what it was started with. */
const marked = () => readdirSync('/proc').filter((name) => {
  if (!/^[0-9]+$/.test(name) || [process.pid, process.ppid].includes(Number(name))) return false;
  try { return readFileSync('/proc/' + name + '/environ', 'latin1').includes(marker); } catch { return false; }
}).map(Number);

const end = () => {
  for (const pid of groups) kill(-pid);
  if (process.platform === 'linux')
    for (let left = marked(), tries = 0; left.length > 0 && tries < 100; left = marked(), tries += 1) {
      for (const pid of left) kill(pid);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  process.exit(0);
};

process.stdout.on('error', () => undefined);
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const request = JSON.parse(line);
  if (request.kind === 'run') run(request);
  else void ask(request);
});
lines.on('close', end);
answer({ id: 0 });
`;
