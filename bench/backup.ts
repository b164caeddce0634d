/**
 * Backs the same 480 MB up with this package, Info-ZIP and JSZip, and prints one table: times, ratios to
 * ours, sizes, peak memory. Each measurement is a process of its own.
 *
 *   node bench/backup.ts [--runs N] [--no-jszip]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBackupData } from './backup-data.ts';

interface Measured {
  readonly what: string;
  readonly seconds: number;
  readonly megabytes: number | null;
  readonly peakMegabytes: number;
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    'no-jszip': { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
const worker = fileURLToPath(new URL('./backup-worker.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dhash-bench-'));
const data = join(folder, 'data');

const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

/** Peak resident memory in KiB comes from GNU time's place in the shell: the child's own rusage. */
const measure = (
  what: string,
  command: string,
  args: string[],
  result: string | null,
  clean: string | null = result,
): Measured => {
  const times: number[] = [];
  let peakMegabytes = 0;
  for (let run = 0; run < runs; run++) {
    if (clean !== null) rmSync(clean, { recursive: true, force: true });
    const started = process.hrtime.bigint();
    const { status, stderr, stdout } = spawnSync(
      'python3',
      [
        '-c',
        'import resource,subprocess,sys; code=subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)',
        command,
        ...args,
      ],
      { encoding: 'utf8', cwd: folder },
    );
    times.push(Number(process.hrtime.bigint() - started) / 1e9);
    if (status !== 0) throw new Error(`${what} failed: ${stderr}`);
    peakMegabytes = Math.max(peakMegabytes, Number(stdout) / 1024);
  }
  const file =
    result === null
      ? null
      : execFileSync('sh', ['-c', `ls -d ${result}* | grep 'zip$'`], { encoding: 'utf8' }).trim();
  return {
    what,
    seconds: median(times),
    megabytes: file === null || file === '' ? null : statSync(file.split('\n')[0] ?? '').size / 1e6,
    peakMegabytes,
  };
};

try {
  makeBackupData(data);
  const ours = join(folder, 'ours', 'dhash_20260101T000000Z_bench.zip');
  const node = process.execPath;
  const table: Measured[] = [
    measure(
      'ours, first',
      node,
      ['--no-warnings', worker, 'backup', data, ours],
      join(folder, 'ours', 'dhash_'),
      join(folder, 'ours'),
    ),
    measure('ours, nothing changed', node, ['--no-warnings', worker, 'second', data, ours], null),
    measure('ours, verify', node, ['--no-warnings', worker, 'verify', data, ours], null),
    measure('ours, stage a restore', node, ['--no-warnings', worker, 'stage', data, ours], null),
    measure(
      'zip -6',
      'zip',
      ['-q', '-6', '-r', join(folder, 'peer.zip'), 'data'],
      join(folder, 'peer.'),
    ),
    measure('unzip -t', 'unzip', ['-tqq', join(folder, 'peer.zip')], null),
  ];
  if (values['no-jszip'] !== true)
    table.push(
      measure(
        'JSZip, in memory',
        node,
        ['--no-warnings', worker, 'jszip', data, join(folder, 'js.zip')],
        join(folder, 'js.'),
      ),
    );
  const base = table[0]?.seconds ?? Number.NaN;
  console.log(
    `${cpus().length} processors, Node ${process.versions.node}, zlib ${process.versions.zlib}, median of ${runs}\n`,
  );
  console.log(
    `${'what'.padEnd(24)}${'seconds'.padStart(9)}${'x ours'.padStart(9)}${'MB'.padStart(9)}${'peak MB'.padStart(9)}`,
  );
  for (const { what, seconds, megabytes, peakMegabytes } of table)
    console.log(
      `${what.padEnd(24)}${seconds.toFixed(2).padStart(9)}${(seconds / base).toFixed(2).padStart(9)}${(megabytes?.toFixed(1) ?? '').padStart(9)}${peakMegabytes.toFixed(0).padStart(9)}`,
    );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
