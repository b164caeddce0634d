import { describe, expect, it } from 'vitest';
import { environmentConfig } from '../../src/config/load-config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

const yaml = (...sources: string[]) => `service: shop
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:5001
    health: { path: /health }
    target: { type: command, current: c, activate: a, start: s, stop: t }
    data:
${sources.map((source) => `      - ${source}`).join('\n')}
    rollback: { data: restore }
`;

const open = (variables: Record<string, string>, ...sources: string[]) =>
  environmentConfig(parseConfig(yaml(...sources), '/app/rollout.yaml'), 'production', variables);

// biome-ignore lint/suspicious/noTemplateCurlyInString: rollout.yaml has variables of this form.
const orders = '{ name: orders, type: postgres, url: "${ORDERS_URL}" }';

describe('a postgres source in rollout.yaml', () => {
  it('is taken with its address, which is a secret, as is the password in it', () => {
    const url = 'postgresql://shop:p%21ss@/shop?host=/run/postgresql';
    const config = open({ ORDERS_URL: url }, orders);
    expect(config.data).toMatchObject([{ name: 'orders', type: 'postgres', url }]);
    expect(config.secrets).toEqual(expect.arrayContaining([url, 'p!ss']));
  });

  it('is not the only one that takes one: an address with a password in a command is a secret too', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: rollout.yaml has variables of this form.
    const cache = '{ name: cache, type: command, dump: "d ${CACHE} ${FOLDER}", load: l }';
    for (const CACHE of ['redis://:p%21ss@h/0', 'postgresql://u:p%21ss@/shop?host=/run'])
      expect(open({ CACHE, FOLDER: '/srv/cache' }, cache).secrets).toEqual(
        expect.arrayContaining([CACHE]),
      );
    expect(open({ CACHE: 'redis://h/0', FOLDER: '/srv/cache' }, cache).secrets).toEqual([]);
  });

  it.each([
    ['hunter2', /data\[0\]\.url.*is not of the form postgresql:/s],
    ['postgresql://h/shop?magic=hunter2', /has a parameter "magic"; known: host, port/],
  ])('with an address that leads nowhere is refused, and the address not shown', (url, says) => {
    const tried = () => open({ ORDERS_URL: url }, orders);
    expect(tried).toThrow(says);
    expect(tried).toThrow(/rollout\.yaml:9:/);
    expect(tried).not.toThrow(/hunter2/);
  });

  it('is no second one of a name, nor of a database, whoever logs in', () => {
    const again = '{ name: orders, type: files, path: data }';
    const url = 'postgresql://h:5432/shop';
    expect(() => open({ ORDERS_URL: url }, orders, again)).toThrow(/"orders" is there twice/);
    const twin = '{ name: more, type: postgres, url: "postgresql://u:p@h:5432/shop" }';
    expect(() => open({ ORDERS_URL: url }, orders, twin)).toThrow(/is the database of "orders"/);
    const other = '{ name: more, type: postgres, url: "postgresql://h:5433/shop" }';
    expect(open({ ORDERS_URL: url }, orders, other).data).toHaveLength(2);
  });
});
