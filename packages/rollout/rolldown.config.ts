import { defineConfig } from 'rolldown';
import { thirdPartyNotices } from './third-party-notices.ts';

/**
 * The command line, with all it needs from this repository and from node_modules, in parts that a command loads as it
 * needs them. One loads in a tenth of the time that node_modules takes, and goes on where an installation is broken.
 */
export default defineConfig({
  cwd: import.meta.dirname,
  input: { main: 'src/command-line.ts' },
  platform: 'node',
  resolve: { conditionNames: ['@dhash/source', 'import', 'node', 'default'] },
  output: {
    dir: 'dist/cli',
    format: 'esm',
    cleanDir: true,
    // Without a hash of the content: the compile cache keeps one entry a name, and so does not grow with each build.
    chunkFileNames: '[name].js',
  },
  plugins: [thirdPartyNotices()],
});
