import type { LumaPlane } from '../../src/dhash.ts';
import { readPixels } from '../../src/read-pixels.ts';

const white = 255;

/** A see-through sample as it looks on white paper. */
const onWhite = (value: number, alpha: number): number =>
  Math.round((value * alpha + white * (white - alpha)) / white);

/** Brightness by Rec. 601 in whole numbers (299, 587, 114 thousandths); see-through parts lie on white. */
export const decode = async (bytes: Uint8Array): Promise<LumaPlane> => {
  const { width, height, channels, data } = await readPixels(bytes);
  const luma = new Int32Array(width * height);
  const isGrey = channels < 3;
  const hasAlpha = channels % 2 === 0;
  for (let pixel = 0, at = 0; pixel < luma.length; pixel++, at += channels) {
    let red = data[at] as number;
    let green = isGrey ? red : (data[at + 1] as number);
    let blue = isGrey ? red : (data[at + 2] as number);
    if (hasAlpha) {
      const alpha = data[at + channels - 1] as number;
      red = onWhite(red, alpha);
      green = onWhite(green, alpha);
      blue = onWhite(blue, alpha);
    }
    luma[pixel] = 299 * red + 587 * green + 114 * blue;
  }
  return { width, height, luma };
};
