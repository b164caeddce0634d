/**
 * `main.ts run [--search FOLDER]… -- COMMAND…` runs a command and searches what it leaves for the
 * secret; `main.ts report` says what was searched and fails where it was found, or was never used.
 * CANARY_FOLDER: where both keep their ledger. CANARY_SECRET: the secret.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ledgerFolder, total } from './ledger.ts';
import { watchCommand } from './watch-command.ts';

const report = (ledger: string): number => {
  const { files, byDesign, outputBytes, processes, received, found } = total(ledger);
  console.log(
    `the canary secret was searched for in ${files} files, ${outputBytes} bytes of output and the arguments of ${processes} processes`,
  );
  console.log(
    `it reached its receivers ${received} times, and lies in ${byDesign} files that hold it by design (rollout.yaml, *.secret)`,
  );
  for (const place of found) console.log(`FOUND in ${place}`);
  if (received === 0)
    console.log('FOUND nothing, but no receiver saw it either: nothing is proved');
  const failed = found.length + (received === 0 ? 1 : 0);
  console.log(`${failed === 0 ? 1 : 0} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
};

const main = async (): Promise<number> => {
  const ledger = ledgerFolder();
  const secret = process.env['CANARY_SECRET'];
  const { values, positionals } = parseArgs({
    options: { search: { type: 'string', multiple: true, default: [] } },
    allowPositionals: true,
  });
  const [what, ...command] = positionals;
  if (ledger === undefined || secret === undefined || secret.length < 16)
    throw new Error('CANARY_FOLDER and CANARY_SECRET (16 characters or more) must be set');
  if (what === 'report') return report(ledger);
  if (what !== 'run' || command.length === 0)
    throw new Error('expected "run -- COMMAND" or "report"');
  return watchCommand(command, {
    secret,
    ledger,
    folders: values.search.filter((path) => existsSync(path)),
  });
};

process.exitCode = await main();
