import type { LumaPlane } from '../../src/dhash.ts';
import { ServiceError } from '../../src/errors.ts';
import { readPixels } from '../../src/read-pixels.ts';
import { denoise } from './denoise.ts';

/** One at a time: a plane of twice the size in floats is large, and many at once would fill the memory. */
let turn: Promise<unknown> = Promise.resolve();

const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
  const done = turn.then(work);
  turn = done.catch(() => undefined);
  return done;
};

/**
 * Brightness by Rec. 601 of the denoised picture, so that a noisy photograph hashes like a clean one.
 *
 * @throws ServiceError `picture-unsupported` for anything but three channels
 */
export const decode = async (bytes: Uint8Array): Promise<LumaPlane> => {
  const { width, height, channels, data } = await readPixels(bytes);
  if (channels !== 3)
    throw new ServiceError(
      'picture-unsupported',
      `a picture is to have 3 channels (red, green, blue), this one has ${channels}; send it as RGB`,
    );
  const brightness = new Float32Array(width * height);
  for (let pixel = 0, at = 0; pixel < brightness.length; pixel++, at += 3)
    brightness[pixel] =
      0.299 * (data[at] as number) +
      0.587 * (data[at + 1] as number) +
      0.114 * (data[at + 2] as number);
  const clean = await inTurn(() => denoise({ width, height, values: brightness }));
  return {
    width: clean.width,
    height: clean.height,
    luma: Int32Array.from(clean.values, (value) => Math.round(value * 1000)),
  };
};
