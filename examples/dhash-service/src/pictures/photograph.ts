import sharp from 'sharp';
import { type ComponentKind, drawComponent, drawingSide } from './draw-component.ts';
import { type Random, seededRandom } from './random.ts';

/** A picture file. */
export interface Photograph {
  readonly bytes: Buffer;
  readonly extension: 'jpg' | 'png' | 'webp';
}

/** Whether the component lies on a table or was cut out (the ground is see-through). */
export type Ground = 'table' | 'cut-out';

const table = (random: Random, side: number): string => {
  const hue = random.whole(15, 45);
  const [from, to] = random.pick([
    [18, 62],
    [70, 25],
    [30, 80],
    [55, 12],
  ]);
  const stripes = Array.from({ length: 9 }, (_, stripe) => {
    const light = random.whole(-40, 40);
    return `<rect y="${(stripe * side) / 9}" width="${side}" height="${side / 9}" fill="${light > 0 ? 'white' : 'black'}" opacity="${(Math.abs(light) / 160).toFixed(3)}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">
    <defs><linearGradient id="g" gradientTransform="rotate(${random.whole(0, 90)})">
    <stop offset="0" stop-color="hsl(${hue},30%,${from}%)"/><stop offset="1" stop-color="hsl(${hue},40%,${to}%)"/>
    </linearGradient></defs>
    <rect width="${side}" height="${side}" fill="url(#g)"/>${stripes.join('')}</svg>`;
};

/** What a small sensor adds: noise, and light that falls off. Works in place; alpha is left as it is. */
const spoil = (data: Uint8Array, channels: number, random: Random): void => {
  const noise = random.between(2, 22);
  const gain = random.between(0.75, 1.15);
  for (let at = 0; at < data.length; at += channels) {
    // The sum of two even distributions: near enough to a bell, and cheap.
    const shift = (random.next() + random.next() - 1) * noise;
    for (let channel = 0; channel < 3; channel++) {
      const value = (data[at + channel] as number) * gain + shift;
      data[at + channel] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
};

/**
 * Draws the component of a seed and photographs it badly: scale, turn, noise, encoder. The same seed
 * gives the same bytes with the same sharp on the same kind of machine.
 */
export const photograph = async (
  kind: ComponentKind,
  ground: Ground,
  seed: number,
): Promise<Photograph> => {
  const random = seededRandom(seed);
  const component = Buffer.from(drawComponent(kind, random));
  const side = random.whole(240, 480);
  const inset = Math.round(side * random.between(0.72, 0.95));
  const clear = { r: 0, g: 0, b: 0, alpha: 0 };
  const turned = await sharp(component, { density: (72 * inset) / drawingSide })
    .resize(inset, inset)
    .rotate(random.between(-12, 12), { background: clear })
    .resize(inset, inset, { fit: 'cover' })
    .png({ compressionLevel: 1 })
    .toBuffer();
  const width = side + random.whole(0, Math.round(side / 3));
  const below =
    ground === 'table'
      ? sharp(Buffer.from(table(random, side))).resize(width, side, { fit: 'fill' })
      : sharp({ create: { width, height: side, channels: 4, background: clear } });
  const placed = below.composite([{ input: turned, gravity: 'centre' }]);
  const scene = ground === 'table' ? placed.removeAlpha() : placed.ensureAlpha();
  const { data, info } = await scene.raw().toBuffer({ resolveWithObject: true });
  spoil(data, info.channels, random);
  const spoiled = sharp(data, {
    raw: { width: info.width, height: info.height, channels: info.channels },
  });
  const quality = random.whole(35, 90);
  const encoder = random.next();
  if (ground === 'table' && encoder < 0.7)
    return { bytes: await spoiled.jpeg({ quality }).toBuffer(), extension: 'jpg' };
  if (encoder < 0.5 || ground === 'table')
    return { bytes: await spoiled.webp({ quality, effort: 2 }).toBuffer(), extension: 'webp' };
  return { bytes: await spoiled.png({ compressionLevel: 3 }).toBuffer(), extension: 'png' };
};
