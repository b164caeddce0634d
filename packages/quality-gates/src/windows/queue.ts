/** First in, first out, by index; both ends in amortised constant time. */
export type Queue<T> = {
  readonly size: number;
  push(item: T): void;
  shift(): T | undefined;
  /** `at(0)` is the oldest, `at(-1)` the newest. */
  at(index: number): T | undefined;
};

/** The array is cut only when half of it is dead: each item is moved at most once per doubling. */
export const createQueue = <T>(): Queue<T> => {
  let items: (T | undefined)[] = [];
  let head = 0;
  return {
    get size() {
      return items.length - head;
    },
    push: (item) => {
      items.push(item);
    },
    shift: () => {
      if (head === items.length) return undefined;
      const item = items[head];
      items[head++] = undefined;
      if (head > 32 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    at: (index) => items[index < 0 ? items.length + index : head + index],
  };
};
