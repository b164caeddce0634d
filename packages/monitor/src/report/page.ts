import { createHash } from 'node:crypto';
import { escapeHtml } from '@dhash/basics/escape-html';
import { jsonForScript } from './json-for-script.ts';

/** A page that loads nothing, and sends nothing unless it says so. */
export type Page = {
  /** Plain text. */
  readonly title: string;
  readonly style: string;
  readonly script: string;
  /** Markup; what came from outside is escaped in it. */
  readonly body: string;
  /** What the script reads, from the element `report-data`. */
  readonly data: unknown;
  /** What its script may ask: nothing, or the server that gave it. */
  readonly connects?: 'own-server';
  /** Plain text for whoever reads the source. */
  readonly notice: string;
};

const sourceHash = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Only these two texts, by their hashes, take effect. */
const contentPolicy = ({ script, style, connects }: Page): string =>
  [
    "default-src 'none'",
    `script-src ${sourceHash(script)}`,
    `style-src ${sourceHash(style)}`,
    ...(connects === 'own-server' ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

export const renderPage = (page: Page): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(contentPolicy(page))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(page.title)}</title>
<style>${page.style}</style>
</head>
<body>
${page.body}
<script type="application/json" id="report-data">${jsonForScript(page.data)}</script>
<script>${page.script}</script>
<!-- ${escapeHtml(page.notice)} -->
</body>
</html>
`;
