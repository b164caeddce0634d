import { type Alias, type Document, visit } from 'yaml';

/** The first alias that stands inside what it names; its value would have no end. `null`: none. */
export const aliasCycle = (document: Document): Alias | null => {
  let found: Alias | null = null;
  visit(document, {
    Alias: (_key, alias, around) => {
      const named = alias.resolve(document);
      // An anchor comes before its alias, so every cycle has an alias to something around it.
      if (named === undefined || !around.some((node) => node === named)) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
};
