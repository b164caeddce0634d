import { afterAll } from 'vitest';

/** Counts the faults that a file of tests tried, and says at its end how many of them went as they must. */
export interface FaultMatrix {
  /** Runs the check of one fault; counted as passed where it does not throw. */
  try<T>(check: () => Promise<T>): Promise<T>;
}

export const faultMatrix = (what: string): FaultMatrix => {
  let tried = 0;
  let passed = 0;
  afterAll(() => {
    console.log(`fault matrix, ${what}: ${tried} cases, ${passed} passed`);
  });
  return {
    try: async (check) => {
      tried += 1;
      const result = await check();
      passed += 1;
      return result;
    },
  };
};
