import { escapeHtml } from '@dhash/basics/escape-html';
import { footerLine, severityLook } from './severity-look.ts';
import type { View } from './view.ts';

const lines = (text: string): string => escapeHtml(text).replaceAll('\n', '<br>');

const sans = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const mono = 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace';

const factRow = ({ name, value }: { readonly name: string; readonly value: string }): string =>
  `<tr><td style="padding:6px 16px 6px 0;color:#59636e;vertical-align:top;white-space:nowrap">${escapeHtml(name)}</td>` +
  `<td style="padding:6px 0;color:#1f2328;word-break:break-word">${lines(value)}</td></tr>`;

const section = ({ title, text }: { readonly title: string; readonly text: string }): string =>
  (title === ''
    ? ''
    : `<h2 style="margin:24px 0 8px;font-size:15px;line-height:20px;color:#1f2328">${escapeHtml(title)}</h2>`) +
  `<div style="${mono};font-size:13px;line-height:19px;color:#1f2328;background:#f6f8fa;border-radius:6px;padding:12px;word-break:break-word">${lines(text)}</div>`;

const button = ({ title, url }: { readonly title: string; readonly url: string }): string =>
  `<a href="${escapeHtml(url)}" style="display:inline-block;margin:0 12px 8px 0;padding:8px 14px;border:1px solid #d1d9e0;border-radius:6px;color:#0969da;text-decoration:none;font-size:14px">${escapeHtml(title)}</a>`;

const actsBox = ({ acts, severity }: View): string =>
  acts === null
    ? ''
    : `<div style="margin:0 0 16px;padding:10px 14px;border-left:4px solid ${severityLook[severity].css};background:#f6f8fa;font-size:15px;line-height:22px;color:#1f2328;word-break:break-word"><strong>${acts.heading}:</strong> ${lines(acts.what)}` +
      acts.commands
        .map(
          (command) =>
            `<div style="${mono};font-size:13px;line-height:19px;margin:8px 0 0">${escapeHtml(command)}</div>`,
        )
        .join('') +
      '</div>';

/**
 * One table-free column with inline styles (mail programs drop style sheets), at most 600 px wide,
 * readable on a phone; the severity is a word and a colour, never a colour alone.
 */
export const emailHtml = (view: View, small: readonly string[]): string => {
  const look = severityLook[view.severity];
  const parts = [
    `<div style="padding:24px 24px 8px;border-top:4px solid ${look.css}">`,
    `<div style="font-size:12px;line-height:16px;font-weight:600;letter-spacing:.04em;text-transform:uppercase;color:${look.css}">${look.word}</div>`,
    `<h1 style="margin:4px 0 12px;font-size:20px;line-height:26px;color:#1f2328;word-break:break-word">${escapeHtml(view.title)}</h1>`,
    actsBox(view),
    view.summary === ''
      ? ''
      : `<p style="margin:0 0 16px;font-size:15px;line-height:22px;color:#1f2328;word-break:break-word">${lines(view.summary)}</p>`,
    view.facts.length === 0
      ? ''
      : `<table role="presentation" cellpadding="0" cellspacing="0" style="border-collapse:collapse;font-size:14px;line-height:20px;margin:0 0 8px">${view.facts.map(factRow).join('')}</table>`,
    view.sections.map(section).join(''),
    view.links.length === 0
      ? ''
      : `<p style="margin:20px 0 8px">${view.links.map(button).join('')}</p>`,
    '</div>',
    `<div style="padding:12px 24px 20px;font-size:12px;line-height:18px;color:#59636e;word-break:break-word">${[...small, footerLine(view)].map(escapeHtml).join('<br>')}</div>`,
  ];
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light"><title>${escapeHtml(view.title)}</title></head>` +
    `<body style="margin:0;padding:16px;background:#f6f8fa;${sans}"><div style="max-width:600px;margin:0 auto;background:#ffffff;border:1px solid #d1d9e0;border-radius:8px;overflow:hidden">` +
    `${parts.filter((part) => part !== '').join('')}</div></body></html>`
  );
};
