import { describe, expect, it } from 'vitest';
import { signWebhook } from '../src/index.ts';

const first = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const second = 'whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=';

describe('signWebhook', () => {
  it.each([
    [
      [first],
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330,
      '{"test": 2432232314}',
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    ],
    [
      [first, second],
      'evt_1',
      1764000000,
      '{"type":"rollout.failed"}',
      'v1,1wAT+cx07MntBd/5CAbGTwOEVSUKDJabRSqWt1DslE0= v1,4dbsIlTjlBIntJag4Jis8ujdtyCzS2/i7TYDhspCxFI=',
    ],
    [
      [first],
      'evt_2',
      1764000000,
      '{"m":"Déploiement ✅"}',
      'v1,e/iSaCOKjOk5zsWqMfGLuKKlQeE1vWs/YDBwAY0GjFo=',
    ],
  ])('agrees with the vectors of NOTIFY.md (%#)', (secrets, id, at, body, expected) => {
    expect(signWebhook(secrets, id, at, body)['webhook-signature']).toBe(expected);
  });

  it.each(['short', 'whsec_c2hvcnQ=', 'whsec_!!!!', 'whsec_'])(
    'refuses %s without saying it',
    (secret) => {
      expect(() => signWebhook([secret], 'a', 1, '')).toThrow(/24 to 64 bytes/);
      expect(() => signWebhook([secret], 'a', 1, '')).not.toThrow(
        secret === 'whsec_' ? 'never' : secret,
      );
    },
  );
});
