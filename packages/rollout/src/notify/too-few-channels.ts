/** Why a deploy may not go: the same words before and after a channel was tried. */
export const tooFew = (env: string, required: number, working: number): string =>
  `requireChannels of ${env} is ${required}, but ${working === 0 ? 'no channel works' : `only ${working} of its channels work${working === 1 ? 's' : ''}`}`;
