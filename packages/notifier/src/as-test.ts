import type { Message } from './message.ts';

/**
 * A message as it would look, told apart from a real one in its first words: it belongs to no run, so it starts no
 * thread, opens no alert of one and is not repeated.
 * @param id of its own: a copy under the real one's would be taken for it.
 */
export const asTest = (message: Message, id: string): Message => ({
  ...message,
  id,
  run: null,
  title: `[test] ${message.title}`,
  summary: `Only a test: nothing has happened. ${message.summary}`.trim(),
});
