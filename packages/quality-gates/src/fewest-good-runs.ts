/** Fewer good runs than this say nothing about how far a good release may go. */
export const FEWEST_GOOD_RUNS = 5;
