/** Values with whole-number weights, kept in order: a treap in arrays, every operation logarithmic. */
export type WeightedOrder = {
  add(value: number, weight: number): void;
  /** Takes away what was added with the same value and weight. */
  remove(value: number, weight: number): void;
  readonly total: number;
  /** The lowest value with at least half of the total weight at or below it; `null` when empty. */
  lowerMedian(): number | null;
};

type Node = {
  readonly value: number;
  readonly priority: number;
  own: number;
  total: number;
  left: Node | null;
  right: Node | null;
};

const refresh = (node: Node): Node => {
  node.total = node.own + (node.left?.total ?? 0) + (node.right?.total ?? 0);
  return node;
};

const merge = (left: Node | null, right: Node | null): Node | null => {
  if (left === null) return right;
  if (right === null) return left;
  if (left.priority > right.priority) {
    left.right = merge(left.right, right);
    return refresh(left);
  }
  right.left = merge(left, right.left);
  return refresh(right);
};

/** Below `value` to the left, the rest to the right. */
const split = (node: Node | null, value: number): [Node | null, Node | null] => {
  if (node === null) return [null, null];
  if (node.value < value) {
    const [left, right] = split(node.right, value);
    node.right = left;
    return [refresh(node), right];
  }
  const [left, right] = split(node.left, value);
  node.left = right;
  return [left, refresh(node)];
};

export const createWeightedOrder = (): WeightedOrder => {
  let root: Node | null = null;
  let seed = 0x9e3779b9;
  // xorshift32: the shape of the tree is the same in every run.
  const nextPriority = () => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return seed;
  };
  /** Adds to the node that is there; `false` where there is none. */
  const change = (value: number, weight: number): boolean => {
    const path: Node[] = [];
    let node = root;
    while (node !== null && node.value !== value) {
      path.push(node);
      node = value < node.value ? node.left : node.right;
    }
    if (node === null) return false;
    node.own += weight;
    node.total += weight;
    for (const above of path) above.total += weight;
    if (node.own > 0) return true;
    const joined = merge(node.left, node.right);
    const parent = path.at(-1);
    if (parent === undefined) root = joined;
    else if (parent.left === node) parent.left = joined;
    else parent.right = joined;
    return true;
  };
  return {
    add: (value, weight) => {
      if (weight <= 0 || change(value, weight)) return;
      const [left, right] = split(root, value);
      const node = {
        value,
        priority: nextPriority(),
        own: weight,
        total: weight,
        left: null,
        right: null,
      };
      root = merge(merge(left, node), right);
    },
    remove: (value, weight) => {
      if (weight > 0) change(value, -weight);
    },
    get total() {
      return root?.total ?? 0;
    },
    lowerMedian: () => {
      let node = root;
      let below = 0;
      const total = root?.total ?? 0;
      while (node !== null) {
        const left = node.left?.total ?? 0;
        if (2 * (below + left) >= total && left > 0) node = node.left;
        else if (2 * (below + left + node.own) >= total) return node.value;
        else {
          below += left + node.own;
          node = node.right;
        }
      }
      return null;
    },
  };
};
