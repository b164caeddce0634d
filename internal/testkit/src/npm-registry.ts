import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempFolder } from './temp-folder.ts';

interface Packument {
  readonly name: string;
  readonly 'dist-tags': Record<string, string>;
  readonly versions: Record<string, Record<string, unknown>>;
}

interface Published extends Packument {
  readonly _attachments: Record<string, { readonly data: string }>;
}

export interface NpmRegistry {
  readonly url: string;
  /** For npm: the scope comes from here and everything else from where it comes anyway. */
  readonly env: Readonly<Record<string, string>>;
  /** `NAME@VERSION` of what was published, in its order. */
  readonly published: readonly string[];
  /** Each publish from the given one on is answered with 503, until it is called with `null`. */
  failFrom(count: number | null): void;
}

/**
 * A registry of one scope, as far as `npm publish` and `npm install` ask it: publish, packument, tarball. A version is
 * never replaced. Ends with the test.
 *
 * @param scope with its `@`
 */
export const startNpmRegistry = async (scope: string): Promise<NpmRegistry> => {
  const packuments = new Map<string, Packument>();
  const tarballs = new Map<string, Buffer>();
  const published: string[] = [];
  let failing: number | null = null;

  const publish = (body: string, url: string): [number, object] => {
    if (failing !== null && published.length >= failing) return [503, { error: 'cut off' }];
    const sent = JSON.parse(body) as Published;
    const known = packuments.get(sent.name);
    for (const [version, manifest] of Object.entries(sent.versions)) {
      if (known !== undefined && version in known.versions)
        return [403, { error: `cannot publish over ${version}` }];
      const [attached] = Object.values(sent._attachments);
      const bytes = Buffer.from(attached?.data ?? '', 'base64');
      const file = `/${sent.name}/-/${sent.name.split('/')[1]}-${version}.tgz`;
      tarballs.set(file, bytes);
      const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
      packuments.set(sent.name, {
        name: sent.name,
        'dist-tags': { ...known?.['dist-tags'], ...sent['dist-tags'] },
        versions: {
          ...packuments.get(sent.name)?.versions,
          [version]: { ...manifest, dist: { tarball: `${url}${file}`, integrity } },
        },
      });
      published.push(`${sent.name}@${version}`);
    }
    return [201, { ok: true }];
  };

  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    const { port } = server.address() as { port: number };
    const say = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (request.method === 'PUT') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      return say(...publish(Buffer.concat(chunks).toString('utf8'), `http://127.0.0.1:${port}`));
    }
    const tarball = tarballs.get(path);
    if (tarball !== undefined) return response.end(tarball);
    if (path === '/-/whoami') return say(200, { username: 'rehearsal' });
    const packument = packuments.get(path.slice(1));
    return packument === undefined ? say(404, { error: 'Not found' }) : say(200, packument);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  // Beside what this user's own says, as of a mirror that everything else comes from.
  const own = process.env['npm_config_userconfig'] ?? join(homedir(), '.npmrc');
  const said = existsSync(own) ? `${await readFile(own, 'utf8')}\n` : '';
  const userConfig = join(await tempFolder(), 'npmrc');
  await writeFile(
    userConfig,
    `${said}${scope}:registry=http://127.0.0.1:${port}/\n//127.0.0.1:${port}/:_authToken=rehearsal\n`,
  );
  return {
    url: `http://127.0.0.1:${port}`,
    env: {
      npm_config_userconfig: userConfig,
      npm_config_prefer_offline: 'true',
      npm_config_fetch_retries: '0',
    },
    published,
    failFrom: (count) => {
      failing = count;
    },
  };
};
