import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import * as z from 'zod';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import type { ServiceAnswers } from './service-answers.ts';

const exec = promisify(execFile);

/** What can be known of a service by how it is run today. */
export type FromOrigin = Partial<Pick<ServiceAnswers, 'service' | 'url' | 'runs'>>;

const cannot = (what: string, cause: unknown): RolloutError =>
  new RolloutError('bad-origin', exitCodes.usage, `${what}: ${messageOf(cause)}`, { cause });

/** `systemctl show` of a unit, as it prints it. Pure. */
export const fromSystemd = (unit: string, shown: string): FromOrigin => {
  const properties = Object.fromEntries(
    shown.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
  if (properties['LoadState'] !== 'loaded')
    throw new RolloutError(
      'bad-origin',
      exitCodes.usage,
      `systemd knows no unit ${unit} (LoadState=${properties['LoadState'] ?? ''})`,
    );
  const [, port] = /\bPORT=(\d+)/.exec(properties['Environment'] ?? '') ?? [];
  return {
    service: unit.replace(/\.service$/, ''),
    runs: { kind: 'systemd', unit },
    ...(port === undefined ? {} : { url: `http://127.0.0.1:${port}` }),
  };
};

const composeSchema = z.looseObject({
  services: z.record(
    z.string(),
    z.looseObject({
      ports: z
        .array(
          z.union([
            z.string(),
            z.number(),
            z.looseObject({ published: z.union([z.string(), z.number()]).optional() }),
          ]),
        )
        .optional(),
    }),
  ),
});

/** A compose file: its first service that publishes a port, else its first. Pure. */
export const fromCompose = (text: string): FromOrigin => {
  const { services } = composeSchema.parse(parse(text));
  const entries = Object.entries(services).map(([name, { ports = [] }]) => {
    const [first] = ports;
    const published =
      typeof first === 'object'
        ? first.published
        : /^(?:[\d.]+:)?(\d+):\d+/.exec(String(first ?? ''))?.[1];
    return { name, port: published };
  });
  const found = entries.find(({ port }) => port !== undefined) ?? entries[0];
  if (found === undefined) throw new Error('it has no services');
  return {
    service: found.name,
    runs: { kind: 'compose', service: found.name },
    ...(found.port === undefined ? {} : { url: `http://127.0.0.1:${found.port}` }),
  };
};

/** A Procfile: its line `web`, else its first. Pure. */
export const fromProcfile = (text: string): FromOrigin => {
  const lines = [...text.matchAll(/^([\w-]+):\s*(.+)$/gm)].map(([, name = '', run = '']) => ({
    name,
    run,
  }));
  const found = lines.find(({ name }) => name === 'web') ?? lines[0];
  if (found === undefined) throw new Error('it has no line NAME: COMMAND');
  return { runs: { kind: 'process', run: found.run } };
};

const composeFiles = ['compose.yaml', 'compose.yml', 'docker-compose.yml'];

/**
 * Looks at how a service is run today.
 *
 * @param origin `systemd:UNIT`, `compose` or `procfile`
 * @throws {RolloutError} `bad-origin`, exit 2
 */
export const readOrigin = async (origin: string, folder: string): Promise<FromOrigin> => {
  const [kind, unit = ''] = origin.split(':');
  if (kind === 'systemd' && unit !== '') {
    const name = unit.includes('.') ? unit : `${unit}.service`;
    const args = ['show', name, '--property=LoadState,Environment'];
    const { stdout } = await exec('systemctl', args).catch((error: unknown) => {
      throw cannot('systemctl does not say how it runs', error);
    });
    return fromSystemd(name, stdout);
  }
  const readFirst = async (names: readonly string[]): Promise<string> => {
    for (const name of names) {
      const text = await readFile(join(folder, name), 'utf8').catch(() => null);
      if (text !== null) return text;
    }
    throw new RolloutError('bad-origin', exitCodes.usage, `there is no ${names.join(', ')} here`);
  };
  try {
    if (origin === 'compose') return fromCompose(await readFirst(composeFiles));
    if (origin === 'procfile') return fromProcfile(await readFirst(['Procfile']));
  } catch (error) {
    throw error instanceof RolloutError ? error : cannot(origin, error);
  }
  throw new RolloutError(
    'bad-origin',
    exitCodes.usage,
    `--from ${origin} is none of systemd:UNIT, compose, procfile`,
  );
};
