/** Products with weights up to 2^50, summed 2^12 times, stay finite below this. */
const largest = 2 ** 960;

/** A reading that may be summed. */
export const bounded = (value: number): number => Math.max(-largest, Math.min(largest, value));
