import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { draw } from './support/draw.ts';
import { scenes, watchRow } from './support/scenes.ts';

const endings = scenes.map((scene) => [
  scene.file,
  ...scene.rows.map((row) => {
    const { label, history } = watchRow(scene, row);
    return `${label}: ${history.at(-1)?.decision} at ${history.at(-1)?.second} s`;
  }),
]);

describe('the pictures of the README', () => {
  // Else: npm run pictures -w @dhash/quality-gates
  it.each(scenes.map((scene) => [scene.file, scene] as const))('%s', async (file, scene) => {
    await expect(draw(scene)).toMatchFileSnapshot(`../docs/${file}.svg`);
  });

  it('show what they are there for', () => {
    expect(endings).toMatchInlineSnapshot(`
      [
        [
          "consecutive",
          "verdict: rollback at 420 s",
        ],
        [
          "share",
          "verdict: rollback at 330 s",
        ],
        [
          "ratio",
          "verdict: rollback at 330 s",
        ],
        [
          "quantile",
          "verdict: rollback at 330 s",
        ],
        [
          "level",
          "verdict: rollback at 420 s",
        ],
        [
          "compare",
          "verdict: rollback at 600 s",
        ],
        [
          "relative-to",
          "verdict: rollback at 420 s",
        ],
        [
          "n-of-m",
          "for 3: rollback at 480 s",
          "3 of 5: rollback at 420 s",
        ],
        [
          "confidence",
          ""off": rollback at 60 s",
          "0.99: promote at 600 s",
        ],
        [
          "control",
          "without: rollback at 300 s",
          "with: promote at 600 s",
        ],
        [
          "observe",
          "enforce: rollback at 330 s",
          "observe: promote at 600 s",
        ],
        [
          "suspect",
          "off: rollback at 600 s",
          "10 s: rollback at 380 s",
        ],
        [
          "series",
          "4.. or 5..: rollback at 330 s",
          "5..: promote at 600 s",
        ],
        [
          "processes",
          "started anew: rollback at 330 s",
          "two in turns: inconclusive at 600 s",
        ],
        [
          "restarts",
          "verdict: rollback at 300 s",
        ],
        [
          "advise",
          "rollback: rollback at 300 s",
          "advise: advise at 600 s",
        ],
      ]
    `);
  });

  it('stand in the README, each once', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const shown = [...readme.matchAll(/\(docs\/([a-z-]+)\.svg\)/g)].map(([, file]) => file);
    expect(shown.sort()).toEqual(scenes.map(({ file }) => file).sort());
  });
});
