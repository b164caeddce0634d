/** `812 B`, `48.1 kB`, `12 MB`. */
export const readableBytes = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`;
  const [size, unit] = bytes < 1_000_000 ? [bytes / 1000, 'kB'] : [bytes / 1_000_000, 'MB'];
  return `${size < 100 ? Math.round(size * 10) / 10 : Math.round(size)} ${unit}`;
};
