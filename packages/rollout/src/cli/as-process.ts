/**
 * Runs `work` as all that this process is for, and makes its result the process's exit code. A signal that comes
 * once it is over, while Node ends, ends the process with that code: what is done and said is not to look interrupted.
 */
export const asProcess = async (work: () => Promise<number>): Promise<void> => {
  let isOver = false;
  // Until then signals are the work's own to listen to. Never taken off: a signal without a listener kills.
  const end = () => {
    if (isOver) process.exit();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  try {
    process.exitCode = await work();
  } finally {
    isOver = true;
  }
};
