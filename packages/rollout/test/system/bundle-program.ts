/** `node bundle-program.ts FOLDER`: bundles run-cli.ts as the published command line is, into FOLDER/program. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import config from '../../rolldown.config.ts';

const [into = ''] = process.argv.slice(2);
const folder = await mkdtemp(join(into, 'made-'));
const bundle = await rolldown({
  ...config,
  input: { program: join(import.meta.dirname, 'run-cli.ts') },
});
await bundle.write({ ...config.output, dir: folder });
await bundle.close();
await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
try {
  await rename(folder, join(into, 'program'));
} catch {
  // Another worker was first.
  await rm(folder, { recursive: true });
}
