// Becomes control.js of each built release: what start.sh and stop.sh call once they have found Node.
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../errors.ts';
import { parseSettings, placesIn } from '../settings.ts';
import { baseFolder } from './base-folder.ts';
import { sentenceOf, startDaemon } from './start.ts';
import { stopDaemon } from './stop.ts';

const releaseFolder = realpathSync(dirname(fileURLToPath(import.meta.url)));

const perform = (command: string | undefined): Promise<string> => {
  const base = baseFolder(releaseFolder, process.env);
  if (command === 'start') return startDaemon(releaseFolder, parseSettings(process.env, base));
  if (command === 'stop') return stopDaemon(placesIn(base).pidFile, base);
  throw new ServiceError('configuration', `usage: control.js start|stop, got ${command}`);
};

try {
  process.stdout.write(`dhash: ${await perform(process.argv[2])}\n`);
} catch (error) {
  process.stderr.write(`${sentenceOf(error)}\n`);
  process.exitCode = 1;
}
