import type { Page } from 'playwright-core';

/** What axe-core found on a page. */
export interface AxeFinding {
  readonly id: string;
  readonly impact: string | null;
  /** Markup of the elements, with what is wrong. */
  readonly nodes: readonly string[];
}

/** Runs in the page; the tests' types know no browser. */
const findings = `(async () => (await axe.run(document)).violations.map(({ id, impact, nodes }) => (
  { id, impact, nodes: nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary) })))()`;

/** Looks for what keeps people out of a page. Its context must have been made with `bypassCSP`. */
export const runAxe = async (page: Page): Promise<readonly AxeFinding[]> => {
  // Large, and most tests look at no page.
  const { default: axe } = await import('axe-core');
  await page.evaluate(axe.source);
  return page.evaluate<readonly AxeFinding[]>(findings);
};

/** Those that keep somebody out. */
export const graveOf = (found: readonly AxeFinding[]): readonly AxeFinding[] =>
  found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
