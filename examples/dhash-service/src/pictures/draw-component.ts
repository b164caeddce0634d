import type { Random } from './random.ts';

/** What lies on a table. */
export type ComponentKind = 'card' | 'token' | 'die' | 'tile';

/** The kinds, in the order in which a library goes through them. */
export const componentKinds = ['card', 'token', 'die', 'tile'] as const;

/** Drawings are squares of this side, px; the component fills most of it. */
export const drawingSide = 400;

const colour = (random: Random, [least, most]: [number, number]): string =>
  `hsl(${random.whole(0, 359)},${random.whole(25, 85)}%,${random.whole(least, most)}%)`;

const polygon = (x: number, y: number, radius: number, corners: number, turn: number, inner = 1) =>
  Array.from({ length: inner === 1 ? corners : corners * 2 }, (_, corner) => {
    const reach = corner % 2 === 1 ? radius * inner : radius;
    const angle = turn + (corner * 2 * Math.PI) / (inner === 1 ? corners : corners * 2);
    return `${(x + reach * Math.cos(angle)).toFixed(1)},${(y + reach * Math.sin(angle)).toFixed(1)}`;
  }).join(' ');

const symbol = (random: Random, x: number, y: number, radius: number): string => {
  const fill = colour(random, [5, 95]);
  const turn = random.between(0, Math.PI);
  const shape = random.pick(['circle', 'star', 'polygon', 'bar']);
  if (shape === 'circle') return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${fill}"/>`;
  if (shape === 'bar')
    return `<rect x="${x - radius}" y="${y - radius / 3}" width="${2 * radius}" height="${(radius * 2) / 3}" fill="${fill}" transform="rotate(${random.whole(0, 179)} ${x} ${y})"/>`;
  const inner = shape === 'star' ? random.between(0.35, 0.6) : 1;
  return `<polygon points="${polygon(x, y, radius, random.whole(3, 7), turn, inner)}" fill="${fill}"/>`;
};

const card = (random: Random): string => {
  const parts = [
    `<rect x="70" y="20" width="260" height="360" rx="18" fill="${colour(random, [15, 90])}"/>`,
    `<rect x="86" y="36" width="228" height="${random.whole(60, 200)}" fill="${colour(random, [10, 90])}"/>`,
  ];
  for (let count = random.whole(4, 9); count > 0; count--)
    parts.push(symbol(random, random.whole(100, 300), random.whole(60, 345), random.whole(18, 60)));
  return parts.join('');
};

const token = (random: Random): string => {
  const parts = [
    `<circle cx="200" cy="200" r="180" fill="${colour(random, [10, 90])}"/>`,
    `<circle cx="200" cy="200" r="${random.whole(110, 165)}" fill="${colour(random, [10, 90])}"/>`,
  ];
  for (let count = random.whole(3, 7); count > 0; count--)
    parts.push(
      symbol(random, random.whole(110, 290), random.whole(110, 290), random.whole(25, 85)),
    );
  return parts.join('');
};

/** Where a face has its dots, in thirds from the middle. */
const pips: readonly [number, number][][] = [
  [[0, 0]],
  [
    [-1, -1],
    [1, 1],
  ],
  [
    [-1, -1],
    [0, 0],
    [1, 1],
  ],
  [
    [-1, -1],
    [1, -1],
    [-1, 1],
    [1, 1],
  ],
  [
    [-1, -1],
    [1, -1],
    [0, 0],
    [-1, 1],
    [1, 1],
  ],
  [
    [-1, -1],
    [1, -1],
    [-1, 0],
    [1, 0],
    [-1, 1],
    [1, 1],
  ],
];

const die = (random: Random): string => {
  const dots = colour(random, [2, 95]);
  const face = pips[random.whole(0, 5)] ?? [];
  const radius = random.whole(24, 42);
  return [
    `<polygon points="40,90 120,30 370,60 360,310 300,380" fill="${colour(random, [5, 60])}"/>`,
    `<rect x="40" y="90" width="270" height="285" rx="${random.whole(10, 60)}" fill="${colour(random, [20, 92])}"/>`,
    ...face.map(
      ([x, y]) =>
        `<circle cx="${175 + x * 80}" cy="${232 + y * 85}" r="${radius}" fill="${dots}"/>`,
    ),
    symbol(random, random.whole(100, 260), random.whole(150, 320), random.whole(15, 50)),
    symbol(random, random.whole(310, 345), random.whole(110, 290), random.whole(20, 40)),
  ].join('');
};

const tile = (random: Random): string => {
  const corners = random.pick([4, 6]);
  const parts = [
    `<polygon points="${polygon(200, 200, 190, corners, random.between(0, 1))}" fill="${colour(random, [15, 85])}"/>`,
  ];
  for (let count = random.whole(6, 12); count > 0; count--)
    parts.push(symbol(random, random.whole(95, 305), random.whole(95, 305), random.whole(20, 75)));
  return parts.join('');
};

const draw: Record<ComponentKind, (random: Random) => string> = { card, token, die, tile };

/** An SVG of one component on nothing; no text, since fonts differ from machine to machine. */
export const drawComponent = (kind: ComponentKind, random: Random): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${drawingSide}" height="${drawingSide}">${draw[kind](random)}</svg>`;
