import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';

/** One import, export-from, `import()` or `require()`, type-only ones too. */
export interface ImportSite {
  /** Importing file, from the package's folder, with `/`. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly specifier: string;
}

export interface PackageSources {
  readonly folder: string;
  readonly name: string;
  /** Whether others install it, without its devDependencies. */
  readonly published: boolean;
  /** Names in `dependencies`, `peerDependencies` and `optionalDependencies`. */
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
  readonly files: ReadonlySet<string>;
  readonly imports: readonly ImportSite[];
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const namesOf = (...lists: (Record<string, string> | undefined)[]): Set<string> =>
  new Set(lists.flatMap((list) => Object.keys(list ?? {})));

/** @param file only named in the result */
const importsOf = (file: string, text: string): ImportSite[] =>
  ts.preProcessFile(text, true, true).importedFiles.map(({ fileName, pos }) => ({
    file,
    line: text.slice(0, pos).split('\n').length,
    specifier: fileName,
  }));

/** Reads the imports of one package: `src/` and `test/`, by TypeScript's own scanner. */
export const readPackage = (root: string, folder: string): PackageSources => {
  const at = join(root, folder);
  const manifest = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as Manifest;
  const files = globSync('{src,test}/**/*.{ts,tsx,mts,cts,js,mjs,cjs}', { cwd: at })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.includes('/node_modules/') && !file.includes('/fixtures/'))
    .sort();
  return {
    folder,
    name: manifest.name,
    published: manifest.private !== true,
    dependencies: namesOf(
      manifest.dependencies,
      manifest.peerDependencies,
      manifest.optionalDependencies,
    ),
    devDependencies: namesOf(manifest.devDependencies),
    files: new Set(files),
    imports: files.flatMap((file) => importsOf(file, readFileSync(join(at, file), 'utf8'))),
  };
};

/** The packages of the repository's workspaces: folders, from its root. */
export const workspaceFolders = (root: string): string[] => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    workspaces?: string[];
  };
  return (manifest.workspaces ?? [])
    .flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }))
    .map((file) => dirname(file).replaceAll('\\', '/'))
    .sort();
};

/** Development dependencies of the repository itself, which every test may use. */
export const rootDevDependencies = (root: string): Set<string> => {
  const file = join(root, 'package.json');
  if (!existsSync(file)) return new Set();
  return namesOf((JSON.parse(readFileSync(file, 'utf8')) as Manifest).devDependencies);
};

/** Where a relative import leads, from the package's folder: `../x` leaves it. */
export const relativeTarget = ({ file, specifier }: ImportSite): string =>
  posix.normalize(posix.join(posix.dirname(file), specifier));
