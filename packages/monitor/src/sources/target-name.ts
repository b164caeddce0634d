/** How a target is named in a sample and to people: host and port of its address, without what may be secret. */
export const targetName = (url: string): string =>
  URL.canParse(url) ? new URL(url).host : 'service';
