// Takes the pictures of packages/notifier/README.md: a message as Slack, Teams and Discord lay it out, from the golden
// files that the tests hold the renderers to, and the mail of a broken gate. A sketch of each chat, not the chat itself.
// `npm run docs:messages`; CHROMIUM names a browser that lies elsewhere.
// @ts-check
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../', import.meta.url));
const golden = join(root, 'packages/notifier/test/golden');
const pictures = join(root, 'packages/notifier/docs');
const browserFile = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const event = 'rollback-failed';
const width = 640;

/** @param {string} text */
const html = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** @param {string} body */
const page = (body) =>
  `<!doctype html><meta charset="utf-8"><style>
  body{margin:0;padding:16px;font:15px/22px system-ui,sans-serif;color:#1d1c1d;background:#fff}
  h1{font-size:18px;line-height:24px;margin:0 0 8px} p,.text{margin:6px 0;white-space:pre-wrap}
  pre{margin:6px 0;padding:8px;border-radius:4px;background:#f3f3f3;font:13px/18px ui-monospace,monospace;white-space:pre-wrap}
  .fields{display:grid;grid-template-columns:1fr 1fr;gap:8px 16px;margin:8px 0;overflow-wrap:anywhere}
  .small{font-size:12px;color:#616061} .box{border-left:4px solid #da3633;padding:8px 14px;background:#f8f8f8}
  b{font-weight:700} a{color:#1264a3}
  </style>${body.replaceAll('🔴', '<span style="color:#da3633">●</span>')}`;

/** Slack's mrkdwn, whose entities are HTML's. @param {string} text */
const mrkdwn = (text) =>
  text
    .replace(/```([^`]*)```/g, '<pre>$1</pre>')
    .replace(/<(https?:[^|>]+)\|([^>]*)>/g, '<a href="$1">$2</a>')
    .replace(/\*([^*\n]+)\*/g, '<b>$1</b>')
    .replaceAll('</pre>\n', '</pre>');

/** @param {{ type: string, text: string }} text */
const slackText = ({ type, text }) => (type === 'mrkdwn' ? mrkdwn(text) : html(text));

/** @param {any} payload */
const slack = ({ blocks }) =>
  blocks
    .map((/** @type {any} */ block) => {
      if (block.type === 'header') return `<h1>${slackText(block.text)}</h1>`;
      if (block.type === 'context')
        return `<p class="small">${block.elements.map(slackText).join('<br>')}</p>`;
      if (block.fields === undefined) return `<div class="text">${slackText(block.text)}</div>`;
      const fields = block.fields.map((/** @type {any} */ field) => `<p>${slackText(field)}</p>`);
      return `<div class="fields">${fields.join('')}</div>`;
    })
    .join('');

/** Markdown's backslashes away. @param {string} text */
const plain = (text) => html(text.replace(/\\(.)/g, '$1'));

/** @param {any} payload */
const teams = ({ attachments: [{ content }] }) => {
  const elements = content.body.map((/** @type {any} */ element) => {
    if (element.type === 'FactSet') {
      const facts = element.facts.map(
        (/** @type {any} */ { title, value }) =>
          `<b>${plain(title)}</b><span>${plain(value)}</span>`,
      );
      return `<div class="fields" style="grid-template-columns:auto 1fr">${facts.join('')}</div>`;
    }
    if (element.size === 'Large') return `<h1 style="color:#c4314b">${plain(element.text)}</h1>`;
    if (element.fontType === 'Monospace') return `<pre>${plain(element.text)}</pre>`;
    const text = plain(element.text);
    if (element.size === 'Small') return `<p class="small">${text}</p>`;
    return `<p>${element.weight === 'Bolder' ? `<b>${text}</b>` : text}</p>`;
  });
  const actions = content.actions.map(
    (/** @type {any} */ { title }) =>
      `<span style="border:1px solid #c8c6c4;border-radius:4px;padding:4px 12px;margin-right:8px">${html(title)}</span>`,
  );
  return `<div style="border:1px solid #e1dfdd;border-radius:8px;padding:16px">${elements.join('')}<p>${actions.join('')}</p></div>`;
};

/** Discord's markdown, of what the renderer writes. @param {string} text */
const discordText = (text) =>
  text
    .split(/(```\n[\s\S]*?\n```)/)
    .map((part) =>
      part.startsWith('```')
        ? `<pre>${html(part.slice(4, -4))}</pre>`
        : plain(part)
            .replace(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
            .replace(/\[([^\]]+)\]\((https?:[^)]+)\)/g, '<a href="$2">$1</a>')
            .trim(),
    )
    .join('');

/** @param {any} payload */
const discord = ({ embeds: [embed] }) => {
  const fields = embed.fields.map(
    (/** @type {any} */ { name, value, inline }) =>
      `<p style="${inline ? '' : 'grid-column:1/-1'}"><b>${plain(name)}</b><br>${plain(value)}</p>`,
  );
  return (
    `<div class="box"><h1>${plain(embed.title)}</h1><div class="text">${discordText(embed.description ?? '')}</div>` +
    `<div class="fields" style="grid-template-columns:1fr 1fr 1fr">${fields.join('')}</div>` +
    `<p class="small">${html(embed.footer.text)}</p></div>`
  );
};

const chats = { slack, teams, discord };

const main = async () => {
  if (!existsSync(browserFile)) {
    console.error(
      `error: no browser at ${browserFile}; run: apt-get install chromium, or set CHROMIUM to one`,
    );
    return 2;
  }
  const browser = await chromium.launch({
    executablePath: browserFile,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
  });
  try {
    const tab = await browser.newPage({ viewport: { width, height: 400 } });
    /** @param {string} content @param {string} name */
    const shoot = async (content, name) => {
      await tab.setContent(content);
      const file = join(pictures, name);
      await tab.screenshot({ path: file, fullPage: true });
      console.log(`${relative(root, file)}: ${Math.round((await stat(file)).size / 1000)} kB`);
    };
    for (const [name, draw] of Object.entries(chats)) {
      const payload = JSON.parse(await readFile(join(golden, `${event}.${name}.json`), 'utf8'));
      await shoot(page(draw(payload)), `${name}-${event}.png`);
    }
    const mail = await readFile(join(golden, 'gate-break.email.html'), 'utf8');
    await shoot(mail, 'email-gate-break.png');
  } finally {
    await browser.close();
  }
  return 0;
};

process.exitCode = await main();
