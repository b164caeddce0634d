import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './vitest.reporter.ts';

export default defineConfig({
  test: {
    projects: ['packages/*', 'internal/*', 'examples/*'],
    reporters: ['default', new SummaryReporter()],
    coverage: {
      provider: 'v8',
      reporter: ['text-summary', 'lcov'],
      include: ['packages/*/src/**/*.ts'],
    },
  },
});
