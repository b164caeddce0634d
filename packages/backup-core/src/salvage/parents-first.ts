import type { TableShape } from './row-store.ts';

/** Tables in an order in which each comes after those that it refers to; a circle is entered where it is met. Pure. */
export const parentsFirst = (shapes: readonly TableShape[]): TableShape[] => {
  const byName = new Map(shapes.map((shape) => [shape.table, shape]));
  const placed = new Set<TableShape>();
  const place = (shape: TableShape, above: readonly TableShape[]): void => {
    if (placed.has(shape) || above.includes(shape)) return;
    for (const { parent } of shape.foreign) {
      const found = byName.get(parent);
      if (found !== undefined) place(found, [...above, shape]);
    }
    placed.add(shape);
  };
  for (const shape of shapes) place(shape, []);
  return [...placed];
};
