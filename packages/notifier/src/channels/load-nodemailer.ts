/** Loaded with the first mail: most commands send none. */
export const loadNodemailer = () => import('nodemailer');

/**
 * Loads at once what channels load when they first need it: for a process that runs for hours, while its files may be
 * replaced.
 */
export const loadChannels = async (): Promise<void> => {
  await loadNodemailer();
};
