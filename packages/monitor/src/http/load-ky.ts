/** ky, and with it all of fetch: more than a program needs to load that asks nobody. Later calls cost nothing. */
export const loadKy = async () => (await import('ky')).default;

/** Loads what probes ask with, for a program that is to need no file of its installation later. */
export const loadProbes = async (): Promise<void> => {
  await loadKy();
};
