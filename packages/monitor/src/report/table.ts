import { escapeHtml } from '@dhash/basics/escape-html';

/** A cell: markup whose text from outside is escaped, and how it is set. */
export type Cell = { readonly html: string; readonly as?: 'time' | 'name' };

/** Plain text, or a {@link Cell}. */
type Given = string | Cell;

const cellOf = (given: Given): Cell =>
  typeof given === 'string' ? { html: escapeHtml(given) } : given;

const row = (head: readonly string[], cells: readonly Given[]): string => {
  const tds = cells.map((given, column) => {
    const { html, as } = cellOf(given);
    const name = as === undefined ? '' : ` class="${as}"`;
    return `<td role="cell"${name} data-label="${escapeHtml(head[column] ?? '')}">${html}</td>`;
  });
  return `<tr role="row">${tds.join('')}</tr>`;
};

/**
 * A table that is one on a wide screen, and a list of labelled lines on a phone. Its roles are written out: a
 * browser forgets them where a style sheet lays a table out as blocks.
 *
 * @param head plain texts
 * @param empty plain text that stands where there is no row
 */
export const table = (
  head: readonly string[],
  rows: readonly (readonly Given[])[],
  empty = 'none',
): string => {
  const names = head
    .map((name) => `<th role="columnheader" scope="col">${escapeHtml(name)}</th>`)
    .join('');
  const body =
    rows.length === 0
      ? `<tr role="row"><td role="cell" colspan="${head.length}">${escapeHtml(empty)}</td></tr>`
      : rows.map((cells) => row(head, cells)).join('\n');
  return `<div class="card table"><table role="table"><thead role="rowgroup"><tr role="row">${names}</tr></thead>
<tbody role="rowgroup">${body}</tbody></table></div>`;
};
