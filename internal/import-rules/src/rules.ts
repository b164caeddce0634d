/** What one package may import. Everything that is not allowed here is refused. */
export interface PackageRule {
  /** Folder from the root of the repository. */
  readonly folder: string;
  /** Packages of this repository that `src/` may import. */
  readonly siblings: readonly string[];
  /** Whether `src/` may import `node:` modules. */
  readonly node: 'allowed' | 'refused';
  /**
   * Entry points whose whole reach, through relative imports, may import these packages from the
   * registry and no others. A package without this may import what it declares.
   */
  readonly reach?: Readonly<Record<string, readonly string[]>>;
  /** What `src/` may import of the bundled packages; absent: all of them. */
  readonly bundled?: readonly string[];
  /**
   * Folders of `src/` in their one direction: a file may import those of its own folder and of the ones
   * before it. Files that lie in `src/` itself belong to nobody and to everybody.
   */
  readonly folders?: readonly string[];
}

/** The one direction of imports: docs/architecture.md draws it. */
export const packageRules: readonly PackageRule[] = [
  {
    folder: 'packages/quality-gates',
    siblings: [],
    // Runs in a browser.
    node: 'refused',
    bundled: ['@dhash/basics/nearest'],
    reach: {
      'src/index.ts': [],
      'src/config.ts': ['@noble/hashes', 'yaml', 'zod', '@dhash/basics'],
    },
  },
  { folder: 'packages/journal', siblings: [], node: 'allowed' },
  { folder: 'packages/backup-core', siblings: [], node: 'allowed' },
  { folder: 'packages/notifier', siblings: [], node: 'allowed' },
  { folder: 'packages/monitor', siblings: ['@dhash/quality-gates'], node: 'allowed' },
  {
    folder: 'packages/rollback',
    siblings: ['@dhash/backup-core', '@dhash/journal'],
    node: 'allowed',
  },
  {
    folder: 'packages/rollout',
    siblings: [
      '@dhash/backup-core',
      '@dhash/journal',
      '@dhash/monitor',
      '@dhash/notifier',
      '@dhash/quality-gates',
      '@dhash/rollback',
    ],
    node: 'allowed',
    folders: [
      'process',
      'words',
      'record',
      'config',
      'targets',
      'environment',
      'pages',
      'migrations',
      'notify',
      'backup',
      'drill',
      'scorecard',
      'takeover',
      'freeze',
      'rollback',
      'salvage',
      'signoff',
      'approvals',
      'first-hour',
      'deploy',
      'guard',
      'status',
      'dashboard',
      'cli',
    ],
  },
  // Watched and deployed from outside, as any other service would be.
  { folder: 'examples/dhash-service', siblings: [], node: 'allowed' },
  { folder: 'internal/basics', siblings: [], node: 'allowed' },
  { folder: 'internal/testkit', siblings: [], node: 'allowed' },
  { folder: 'internal/import-rules', siblings: [], node: 'allowed' },
  { folder: 'internal/operators-commands', siblings: [], node: 'allowed' },
  {
    folder: 'internal/docs-check',
    siblings: ['@dhash/quality-gates', '@dhash/rollout'],
    node: 'allowed',
  },
];

/** Packages of this repository that tests, and nothing else, may import. */
export const testOnly: readonly string[] = ['@dhash/testkit'];

/** Packages of this repository that every other may import: the build puts what is used of them into each. */
export const bundled: readonly string[] = ['@dhash/basics'];
