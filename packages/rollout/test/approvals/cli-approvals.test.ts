import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canary, fakeClock, startHttpServer, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { runMain } from '../run-main.ts';

const yaml = `service: shop
gates: gates.yaml
approvals: { count: 2, of: [{ name: Ops/SRE, team: "@example/ops" }] }
environments:
  production:
    url: http://127.0.0.1:1
    health: { path: /health }
    target: { type: command, current: "true", activate: "true", start: "true", stop: "true" }
    rollback: { data: keep }
`;

/** GitHub as far as it is asked; more reviews than one page holds. */
const github = (ops: string[] | null) =>
  startHttpServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const answer = (body: unknown) => response.end(JSON.stringify(body));
    const review = (login: string, state = 'APPROVED') => ({
      user: { login },
      state,
      commit_id: 'c1',
    });
    if (request.headers.authorization !== `Bearer ${canary}`) response.statusCode = 401;
    if (pathname === '/repos/example/shop/pulls/7')
      answer({ user: { login: 'ana' }, head: { sha: 'c1' } });
    else if (pathname === '/repos/example/shop/pulls/7/reviews')
      answer(
        searchParams.get('page') === '1'
          ? Array.from({ length: 100 }, () => review('ben'))
          : [review('olga')],
      );
    else if (pathname === '/orgs/example/teams/ops/members' && ops !== null)
      answer(ops.map((login) => ({ login })));
    else {
      response.statusCode = 404;
      answer({ message: 'Not Found' });
    }
  });

const ask = async (ops: string[] | null, more: NodeJS.ProcessEnv = {}) => {
  const server = await github(ops);
  const cwd = await tempFolder();
  await writeFile(join(cwd, 'rollout.yaml'), yaml);
  return runMain(['approvals', '--pr', '7', '--repo', 'example/shop'], {
    cwd,
    clock: fakeClock(0),
    processEnv: { GITHUB_TOKEN: canary, GITHUB_API_URL: server.url, ...more },
  });
};

it('counts what GitHub says, all pages of it, by the rules of rollout.yaml', async () => {
  const ran = await ask(['olga']);
  expect(ran, ran.err).toMatchObject({ exit: 0 });
  expect(ran.out).toContain('2 of 2 approvals: ben, olga\n1 of 1 of Ops/SRE: olga\n');
  const without = await ask(['omar']);
  expect(without).toMatchObject({ exit: 1 });
  expect(without.out).toContain('0 of 1 of Ops/SRE: nobody\npull request 7 is not approved yet');
});

it('says what the token may not read, and where there is none', async () => {
  const hidden = await ask(null);
  expect(hidden).toMatchObject({ exit: 1 });
  expect(hidden.err).toContain('GitHub does not say orgs/example/teams/ops/members');
  expect(hidden.err).toContain('read:org');
  expect(hidden.err).not.toContain(canary);
  expect(await ask([], { GITHUB_TOKEN: '' })).toMatchObject({ exit: 2 });
});
