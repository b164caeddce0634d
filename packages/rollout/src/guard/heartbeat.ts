import { messageOf } from '../errors.ts';
import type { Output } from '../words/output.ts';

/** Longest that one heartbeat may take, ms: the next poll brings another. */
const timeoutMs = 10_000;

/** Tells somebody outside that the guard lives: they hear when it stops. */
export interface Heartbeat {
  /** Returns at once; a beat that does not arrive is said once, and changes nothing. */
  beat(): void;
  /** Gives the last one up: nobody waits for it before a broken gate is acted on. */
  end(): void;
}

/**
 * Asks an address at each poll (as dead-man's switches take it: any 2xx to a GET is a beat).
 *
 * @param url `null`: nobody outside listens
 */
export const startHeartbeat = (
  url: string | null,
  { output, request = fetch }: { readonly output: Output; readonly request?: typeof fetch },
): Heartbeat => {
  const ended = new AbortController();
  let isUnderWay = false;
  let wasSaid = false;
  const send = async (address: string): Promise<void> => {
    try {
      const answer = await request(address, {
        redirect: 'follow',
        signal: AbortSignal.any([ended.signal, AbortSignal.timeout(timeoutMs)]),
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      wasSaid = false;
    } catch (error) {
      if (!wasSaid && !ended.signal.aborted)
        output.warn(`the heartbeat does not arrive: ${messageOf(error)}; the watch goes on`);
      wasSaid = true;
    } finally {
      isUnderWay = false;
    }
  };
  return {
    beat: () => {
      if (url === null || isUnderWay) return;
      isUnderWay = true;
      void send(url);
    },
    end: () => ended.abort(),
  };
};
