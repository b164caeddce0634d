import { expect, test } from 'vitest';
import { changeAtStart, describeShapeChange, withRows } from '../../src/record/shape-change.ts';
import { recorded } from './recorded.ts';

const before = {
  shop: {
    orders: { columns: ['id', 'note', 'old'], rows: 2 },
    gone: { columns: ['n'], rows: 1 },
    same: { columns: ['n'], rows: null },
  },
};

test('what differs between two looks is told by table', () => {
  const after = {
    shop: {
      orders: { columns: ['id', 'note', 'currency'], rows: 3 },
      tags: { columns: ['n'], rows: 0 },
      same: { columns: ['n'], rows: 7 },
    },
  };
  expect(describeShapeChange(before, after)).toBe(
    'table gone is gone, 1 rows; orders: column currency added; orders: column old gone; orders: 2 → 3 rows; table tags is new, 0 rows',
  );
  expect(describeShapeChange(before, before)).toBeNull();
});

test('rows that a backup counted stand for those that were not counted', () => {
  const counted = withRows(before, { shop: { orders: 9, same: 7 } });
  expect(counted['shop']).toMatchObject({ orders: { rows: 2 }, same: { rows: 7 } });
});

test("the newest look of a run says what its release's start changed", () => {
  const looked = (when: string, more: object) => ({
    type: 'data.looked',
    when,
    shapes: {},
    ...more,
  });
  expect(changeAtStart(recorded(looked('before', {})))).toBeNull();
  expect(
    changeAtStart(recorded(looked('before', {}), looked('after', { change: 'table t is new' }))),
  ).toBe('table t is new');
});
