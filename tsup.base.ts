import { defineConfig, type Options } from 'tsup';

/** Shared tsup config: ESM + CJS + .d.ts/.d.cts. */
export const library = (overrides: Options = {}) =>
  defineConfig({
    entry: ['src/index.ts'],
    format: ['esm', 'cjs'],
    // Types of the bundled internal package are written into ours: nobody can install it.
    dts: { resolve: [/^@dhash\/basics/] },
    clean: true,
    sourcemap: true,
    target: 'node22',
    platform: 'node',
    splitting: false,
    treeshake: false,
    // node:sqlite exists only under its prefix, which tsup would strip.
    removeNodeProtocol: false,
    ...overrides,
  });
