/**
 * Starts work on the coming items while the caller uses the one before, in order, within a budget of cost
 * under way. At least one item is always under way. A failure comes with its item's turn.
 */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  budget: number,
  costOf: (item: Item) => number,
  start: (item: Item) => Promise<Result>,
): AsyncGenerator<{ readonly item: Item; readonly result: Promise<Result> }> {
  const coming = items[Symbol.iterator]();
  const underWay: { item: Item; result: Promise<Result>; cost: number }[] = [];
  let spent = 0;
  let next = coming.next();
  try {
    while (next.done !== true || underWay.length > 0) {
      while (next.done !== true) {
        const item = next.value;
        const cost = costOf(item);
        if (underWay.length > 0 && spent + cost > budget) break;
        const result = start(item);
        // Seen by whoever takes its turn; until then it must not count as unhandled.
        result.catch(() => undefined);
        underWay.push({ item, result, cost });
        spent += cost;
        next = coming.next();
      }
      const first = underWay.shift();
      if (first === undefined) return;
      yield first;
      spent -= first.cost;
    }
  } finally {
    // The caller stopped early: what was started still holds files open.
    await Promise.allSettled(underWay.map(({ result }) => result));
  }
}
