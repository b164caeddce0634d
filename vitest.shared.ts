import { defaultServerConditions } from 'vite';
import { defineProject, type TestProjectInlineConfiguration } from 'vitest/config';

/** Sibling packages resolve to their TypeScript source through this exports condition. */
const conditions = ['@dhash/source', ...defaultServerConditions];

export const project = (name: string, more: TestProjectInlineConfiguration['test'] = {}) =>
  defineProject({
    ssr: { resolve: { conditions } },
    test: {
      name,
      environment: 'node',
      // Vitest reads this from the project, not from the root: without it a machine of two cores runs
      // one file at a time.
      maxWorkers: 2,
      include: ['test/**/*.test.ts'],
      // Many tests start real processes, some dozens one after the other; a busy machine is slow at that, and no
      // test measures time.
      testTimeout: 180_000,
      hookTimeout: 180_000,
      // What is waited for comes as late as the disk lets it; a second, which is vitest's own, is less than one slow fsync.
      expect: { poll: { timeout: 60_000 } },
      ...more,
    },
  });
