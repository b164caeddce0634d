/** Half surrogates replaced by U+FFFD: what is left can be encoded as UTF-8. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\uFFFD');
