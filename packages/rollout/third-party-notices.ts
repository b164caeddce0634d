import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';

/** Folder of the package that a module of node_modules belongs to; `null`: it is ours. */
const packageFolder = (module: string): string | null =>
  /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? null;

const noticeOf = (folder: string): string => {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, version, license } = manifest as Record<string, unknown>;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text =
    file === undefined ? `License: ${license}` : readFileSync(join(folder, file), 'utf8');
  return `${name} ${version}\n\n${text.trim()}\n`;
};

/** Writes NOTICE beside the bundle: the licence of each package of which parts are in it. */
export const thirdPartyNotices = (): Plugin => ({
  name: 'third-party-notices',
  generateBundle(_options, bundle) {
    const folders = Object.values(bundle)
      .flatMap((chunk) => (chunk.type === 'chunk' ? Object.keys(chunk.modules) : []))
      .map(packageFolder)
      .filter((folder) => folder !== null)
      .filter((folder) => existsSync(join(folder, 'package.json')));
    const notices = [...new Set(folders)].sort().map(noticeOf);
    this.emitFile({
      type: 'asset',
      fileName: 'NOTICE',
      source: `These files hold parts of the packages below, under their licences.\n\n${notices.join(`\n${'-'.repeat(80)}\n\n`)}`,
    });
  },
});
