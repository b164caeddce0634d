/** What a look at an environment found. */
export type Finding = { readonly level: 'ok' | 'warning' | 'problem'; readonly what: string };

export const ok = (what: string): Finding => ({ level: 'ok', what });
export const warning = (what: string): Finding => ({ level: 'warning', what });
export const problem = (what: string): Finding => ({ level: 'problem', what });
