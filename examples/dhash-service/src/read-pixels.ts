import sharp from 'sharp';
import { messageOf, ServiceError } from './errors.ts';

/** Decoded samples, 8 bits each, row by row; 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** More than a good camera's picture, and little enough for the sums of a hash to stay exact. */
const mostPixels = 25_000_000;

/**
 * Decodes JPEG, PNG, WebP and what else sharp reads, turned upright by its EXIF orientation, in sRGB.
 *
 * @throws ServiceError `picture-unreadable`: not a picture, damaged, or over 25 million pixels
 */
export const readPixels = async (bytes: Uint8Array): Promise<Pixels> => {
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: mostPixels, failOn: 'error' })
      .autoOrient()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels };
  } catch (error) {
    throw new ServiceError(
      'picture-unreadable',
      `the picture can't be decoded (${messageOf(error).trim()}); send a whole JPEG, PNG or WebP of at most ${mostPixels / 1e6} million pixels`,
      { cause: error },
    );
  }
};
