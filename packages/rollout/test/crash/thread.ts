import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** A worker whose script runs in this thread, at its own turn: a thread of its own takes longer than the work here. */
export class WorkerInThread extends EventEmitter {
  constructor(script: string, { workerData }: { readonly workerData: unknown }) {
    super();
    setImmediate(() => {
      const parentPort = { postMessage: (message: unknown) => this.emit('message', message) };
      const given = (name: string): unknown =>
        name === 'node:worker_threads' ? { parentPort, workerData } : require(name);
      try {
        new Function('require', script)(given);
      } catch (error) {
        this.emit('error', error);
      }
    });
  }
  async terminate(): Promise<number> {
    return 0;
  }
}
