// Loads one entry of an installed package by import and by require, as its users do, on the Node that runs
// this. Fails where the two give other names, and where loading does more than define things.
// Copied into the project that has the package: node load-entry.mjs @dhash/x/config
import { createRequire } from 'node:module';

const [entry = ''] = process.argv.slice(2);
const natives = [Object, Array, String, Number, Function, Promise, Error, Map, Set, Date, RegExp];

/** zod keeps its registry where two copies of it find each other. */
const known = new Set(['__zod_globalConfig', '__zod_globalRegistry']);

/** What a module could leave behind, each as a text. Reading a module's files shows as FSReq…, and ends. */
const traces = () =>
  new Set([
    ...Object.getOwnPropertyNames(globalThis)
      .filter((name) => !known.has(name))
      .map((name) => `global ${name}`),
    ...natives.flatMap((native) => [
      ...Object.getOwnPropertyNames(native).map((name) => `${native.name}.${name}`),
      ...Object.getOwnPropertyNames(native.prototype).map(
        (name) => `${native.name}.prototype.${name}`,
      ),
    ]),
    ...process
      .eventNames()
      .map((name) => `${process.listenerCount(name)} listeners of ${String(name)}`),
    ...process
      .getActiveResourcesInfo()
      .filter((kind) => !/^(FSReq|CloseReq)/.test(kind))
      .map((kind) => `waiting for ${kind}`),
    ...Object.keys(process.env).map((name) => `$${name}`),
    `folder ${process.cwd()}`,
  ]);

// Opens them: whoever asks whether it writes to a terminal would else show as waiting for a pipe.
void [process.stdin, process.stdout, process.stderr];
const before = traces();
const esm = Object.keys(await import(entry))
  .filter((name) => name !== 'module.exports')
  .sort();
const cjs = Object.keys(createRequire(import.meta.url)(entry)).sort();
const left = [...traces()].filter((trace) => !before.has(trace));

if (esm.length === 0) throw new Error(`${entry} exports nothing`);
if (esm.join() !== cjs.join()) throw new Error(`ESM: ${esm}\nCommonJS: ${cjs}`);
if (left.length > 0) throw new Error(`loading ${entry} leaves behind: ${left.join(', ')}`);
