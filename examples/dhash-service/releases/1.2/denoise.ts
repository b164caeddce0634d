import { setImmediate as nextTurn } from 'node:timers/promises';

/** Brightness, 0 to 255, row by row. */
export interface FloatPlane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** Thin lines survive the filter when there are more pixels than the picture has. */
const upscale = 2;
const radius = 1;
/** A neighbour this much brighter or darker still counts 61 %: noise is smoothed, edges are not. */
const toneSigma = 12;
/** The rows between two breaths: other requests, /health first, are answered in between. */
const rowsAtOnce = 24;

const toneWeights = Float32Array.from({ length: 256 }, (_, step) =>
  Math.exp(-(step * step) / (2 * toneSigma * toneSigma)),
);

/** For each enlarged pixel of an axis: the two it lies between, and how near it is to the second. */
const betweenPixels = (length: number) =>
  Array.from({ length: length * upscale }, (_, at) => {
    const place = Math.min(length - 1, Math.max(0, (at + 0.5) / upscale - 0.5));
    const first = Math.floor(place);
    return { first, second: Math.min(length - 1, first + 1), share: place - first };
  });

const mix = (from = 0, to = 0, share: number): number => from + (to - from) * share;

const enlarge = ({ width, height, values }: FloatPlane): FloatPlane => {
  const across = betweenPixels(width);
  const down = betweenPixels(height);
  const large = new Float32Array(across.length * down.length);
  let to = 0;
  for (const { first: top, second: bottom, share: low } of down)
    for (const { first: left, second: right, share: far } of across) {
      const upper = mix(values[top * width + left], values[top * width + right], far);
      const lower = mix(values[bottom * width + left], values[bottom * width + right], far);
      large[to++] = mix(upper, lower, low);
    }
  return { width: across.length, height: down.length, values: large };
};

/** A bilateral filter over the enlarged picture, in floats throughout. */
export const denoise = async (picture: FloatPlane): Promise<FloatPlane> => {
  const { width, height, values } = enlarge(picture);
  const smooth = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    if (y % rowsAtOnce === 0) await nextTurn();
    for (let x = 0; x < width; x++) {
      const own = values[y * width + x] as number;
      let sum = 0;
      let weights = 0;
      for (let row = Math.max(0, y - radius); row <= Math.min(height - 1, y + radius); row++)
        for (let at = Math.max(0, x - radius); at <= Math.min(width - 1, x + radius); at++) {
          const value = values[row * width + at] as number;
          const weight = toneWeights[Math.abs(value - own) | 0] as number;
          sum += value * weight;
          weights += weight;
        }
      smooth[y * width + x] = sum / weights;
    }
  }
  return { width, height, values: smooth };
};
