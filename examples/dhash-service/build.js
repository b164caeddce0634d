// Builds releases of the example service: node examples/dhash-service/build.js 1.0 1.1 [--out DIR]
// Plain JavaScript on purpose: it runs before anything is built, on any Node that npm runs on.
import { chmod, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const known = ['1.0', '1.1', '1.2'];

/** A bundle of CommonJS parts needs a `require`. */
const banner =
  "import { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire(import.meta.url);";

/** @param {string} version @param {string} out folder of the releases */
const buildRelease = async (version, out) => {
  const source = join(here, 'releases', version);
  const target = join(out, version);
  const beside = join(out, `.${version}.${process.pid}.part`);
  try {
    await rm(beside, { recursive: true, force: true });
    await mkdir(beside, { recursive: true });
    await build({
      entryPoints: {
        server: join(source, 'release.ts'),
        control: join(here, 'src/daemon/control.ts'),
      },
      outdir: beside,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node22',
      external: ['sharp'],
      banner: { js: banner },
      legalComments: 'none',
      logLevel: 'warning',
    });
    await cp(join(source, 'migrations'), join(beside, 'migrations'), { recursive: true });
    await cp(join(here, 'shell'), beside, { recursive: true });
    for (const script of ['start.sh', 'stop.sh']) await chmod(join(beside, script), 0o755);
    await writeFile(join(beside, 'release.json'), `${JSON.stringify({ version })}\n`);
    await writeFile(
      join(beside, 'package.json'),
      `${JSON.stringify({ private: true, type: 'module' })}\n`,
    );
    await rm(target, { recursive: true, force: true });
    await rename(beside, target);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
  return target;
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: join(here, '../../dist/releases') } },
});
const strange = positionals.filter((version) => !known.includes(version));
if (positionals.length === 0 || strange.length > 0) {
  process.stderr.write(
    `${strange.length > 0 ? `no release ${strange.join(', ')}` : 'no version given'}; usage: node build.js ${known.join('|')} … [--out DIR]\n`,
  );
  process.exitCode = 2;
} else
  for (const version of positionals)
    process.stdout.write(`built ${await buildRelease(version, resolve(values.out))}\n`);
