import { NotifierError } from '../errors.ts';
import { type ChannelConfig, channelSchema } from './channel-schema.ts';

/**
 * The channels as they may be used: each sound, each name once.
 * @throws NotifierError `bad-config` that names every mistake and no value.
 */
export const checkedChannels = (channels: readonly ChannelConfig[]): ChannelConfig[] => {
  const problems: string[] = [];
  const names = new Set<string>();
  const sound = channels.flatMap((channel): ChannelConfig[] => {
    const { name, unset, ...settings } = channel;
    if (typeof name !== 'string' || name === '') {
      problems.push('a channel has no name');
      return [];
    }
    if (names.has(name)) problems.push(`${name}: the name is used twice`);
    names.add(name);
    const parsed = channelSchema.safeParse(settings);
    if (parsed.success)
      return [{ ...parsed.data, name, ...(unset === undefined ? {} : { unset }) }];
    for (const { path, message } of parsed.error.issues)
      problems.push(`${name}${path.length === 0 ? '' : `.${path.join('.')}`}: ${message}`);
    return [];
  });
  if (problems.length > 0)
    throw new NotifierError('bad-config', `these channels can't be used: ${problems.join('; ')}`);
  return sound;
};
