import { hasTool, openChromium, startHttpServer } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle.js';
import { type Replay, replay } from '../../src/index.ts';
import { production, recorded } from '../support/recorded.ts';

const page = `<!doctype html><script type="module">
  import { replay } from './gates.js';
  const { policy, samples } = await (await fetch('./run.json')).json();
  globalThis.replayed = JSON.stringify(replay(policy, samples));
</script>`;

it.runIf(hasTool('chromium'))(
  'replays recorded runs in Chromium to the same assessments as in Node',
  { timeout: 120_000 },
  async () => {
    const { code } = await bundle('esm');
    const runs = [
      recorded(() => ({})),
      recorded((s) => ({ failing: s < 900 ? 2 : 30, slow: s < 600 ? 1 : 30 })),
      recorded((s) => ({ ok: s < 100 })),
      recorded((s) => ({ ok: s < 3600 })),
    ];
    const files: Record<string, [type: string, text: string]> = {};
    for (const [index, samples] of runs.entries()) {
      files[`/${index}/`] = ['text/html', page];
      files[`/${index}/gates.js`] = ['text/javascript', code];
      files[`/${index}/run.json`] = [
        'application/json',
        JSON.stringify({ policy: production, samples }),
      ];
    }
    const server = await startHttpServer(({ url }, response) => {
      const [type, text] = files[url] ?? ['text/plain', ''];
      response.writeHead(url in files ? 200 : 404, { 'content-type': type }).end(text);
    });
    const browser = await openChromium();
    const decisions: string[] = [];
    for (const [index, samples] of runs.entries()) {
      const tab = await browser.newPage();
      await tab.goto(`${server.url}/${index}/`);
      const shown = await tab.waitForFunction('globalThis.replayed');
      const replayed = JSON.parse(String(await shown.jsonValue())) as Replay;
      expect(replayed).toEqual(JSON.parse(JSON.stringify(replay(production, samples))));
      decisions.push(replayed.decision);
    }
    expect(decisions).toEqual(['promote', 'rollback', 'rollback', 'inconclusive']);
  },
);
