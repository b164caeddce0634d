// What a browser loads: the package's main entry, bundled, minified and gzipped. Run: npm run bundle-size
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** The most that the bundle may have, gzipped. */
export const MOST_BYTES = 19_000;

/**
 * @param {'esm' | 'iife'} format `iife` puts everything under the global `gates`
 * @returns {Promise<{ code: string, gzippedBytes: number, inputs: string[] }>}
 */
export const bundle = async (format) => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'neutral',
    target: 'es2022',
    format,
    ...(format === 'iife' ? { globalName: 'gates' } : {}),
  });
  const code = outputFiles[0]?.text ?? '';
  return {
    code,
    gzippedBytes: gzipSync(code, { level: 9 }).length,
    inputs: Object.keys(metafile.inputs),
  };
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { code, gzippedBytes } = await bundle('esm');
  console.log(
    `@dhash/quality-gates: ${code.length} bytes minified, ${gzippedBytes} gzipped; at most ${MOST_BYTES}`,
  );
  process.exitCode = gzippedBytes > MOST_BYTES ? 1 : 0;
}
