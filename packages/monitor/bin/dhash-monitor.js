#!/usr/bin/env node
import { readFileSync } from 'node:fs';

// Runs on old Nodes too: nothing but the version is looked at before it is known to be new enough.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 16)) {
  process.stderr.write(
    `error: dhash-monitor needs Node 22.16 or newer, this is ${process.versions.node}\n`,
  );
  process.exitCode = 2;
} else {
  // Not told to the type checker by name: the package is built after it is checked.
  const library = new URL('../dist/index.js', import.meta.url).href;
  const { main } = await import(library);
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.exitCode = await main(process.argv.slice(2), version);
}
