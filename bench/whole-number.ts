/** The value of an option that counts something. @throws Error where it is no whole number from 1 */
export const wholeNumber = (flag: string, given: string): number => {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${flag} takes a whole number from 1, not ${given}`);
  return value;
};
