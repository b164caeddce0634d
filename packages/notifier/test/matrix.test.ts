import { canary, startHttpServer } from '@dhash/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import type { ChannelConfig } from '../src/index.ts';
import {
  type HttpFault,
  type HttpType,
  httpFaults,
  httpTypes,
  type Outcome,
  type SmtpFault,
  smtpFaults,
  success,
} from './faults.ts';
import { message } from './messages.ts';
import { httpChannel, startNotifier } from './notifier-kit.ts';
import { caFile, startSmtpServer } from './smtp-test-server.ts';

/**
 * One try, so that what is seen is what becomes of it; retries have their own tests. Only what hangs is cut short, and not before
 * a busy machine has connected and read what did come.
 */
const policy = (hangs: true | undefined) => ({
  retry: { tries: 1, ...(hangs && { tryMs: 2000 }) },
});

interface State {
  isFaulty: boolean;
  /** How many copies the receiver took. */
  copies: number;
}

const first: Record<string, number> = { delivered: 0, accepted: 0, spooled: 0, dead: 0 };
const end = { cases: 0, arrived: 0, dead: 0, waiting: 0, lost: 0, duplicates: 0 };

/** Sends into the fault, mends it, waits out every hint, flushes, and counts. */
const meet = async (
  config: ChannelConfig,
  { name, hangs }: Pick<HttpFault | SmtpFault, 'name' | 'hangs'>,
  becomes: Outcome,
  state: State,
): Promise<void> => {
  const { notifier, folder, spooled, dead } = await startNotifier([config], policy(hangs));
  const [receipt] = await notifier.send(message({ title: 'faulty' }));
  const where = `${config.type}, ${name}: ${receipt?.reason}`;
  expect(receipt?.status, where).toBe(becomes === 'taken' ? 'spooled' : becomes);
  state.isFaulty = false;
  // The mended server may take its time: on a busy machine it does.
  const later = await startNotifier([config], { folder });
  later.clock.advance(120_000);
  await later.notifier.flush();
  const waiting = (await spooled()).length;
  const given = (await dead()).length;
  const copies = becomes === 'taken' ? 2 : becomes === 'dead' ? 0 : 1;
  expect({ copies: state.copies, waiting, given }, where).toEqual({
    copies,
    waiting: 0,
    given: becomes === 'dead' ? 1 : 0,
  });
  const how = receipt?.status ?? 'lost';
  first[how] = (first[how] ?? 0) + 1;
  end.cases++;
  end.arrived += state.copies > 0 ? 1 : 0;
  end.dead += given;
  end.waiting += waiting;
  end.lost += state.copies === 0 && given === 0 && waiting === 0 ? 1 : 0;
  end.duplicates += Math.max(0, state.copies - 1);
};

const meetHttp = async (type: HttpType, fault: HttpFault): Promise<void> => {
  const { becomes, act } = fault;
  const outcome = typeof becomes === 'string' ? becomes : becomes[type];
  const state: State = { isFaulty: true, copies: 0 };
  const server = await startHttpServer((_request, response) => {
    if (!state.isFaulty || !['spooled', 'dead'].includes(outcome)) state.copies++;
    if (state.isFaulty) act(response);
    else success[type](response);
  });
  await meet(httpChannel(type, server.url), fault, outcome, state);
};

const meetSmtp = async (fault: SmtpFault): Promise<void> => {
  const state: State = { isFaulty: true, copies: 0 };
  const server = await startSmtpServer({
    login: { user: 'ops', password: canary },
    ...fault.server(state),
  });
  const config: ChannelConfig = {
    type: 'email',
    name: 'email',
    smtp: server.address.replace('//', `//ops:${canary}@`),
    from: 'a@x.test',
    to: 'b@x.test',
    caFile,
  };
  Object.defineProperty(state, 'copies', { get: () => server.mails.length });
  await meet(config, fault, fault.becomes, state);
};

const answers = ({ hangs }: { readonly hangs?: true }) => hangs === undefined;

describe.each(httpTypes)('%s', (type) => {
  it.each(httpFaults.filter(answers))('$name', (fault) => meetHttp(type, fault));
});

describe('email', () => {
  it.each(smtpFaults.filter(answers))('$name', meetSmtp);
});

it('every channel whose receiver hangs, all at once', async () => {
  const hanging = <Fault extends { readonly hangs?: true }>(faults: readonly Fault[]) =>
    faults.filter((fault) => !answers(fault));
  await Promise.all([
    ...httpTypes.flatMap((type) => hanging(httpFaults).map((fault) => meetHttp(type, fault))),
    ...hanging(smtpFaults).map(meetSmtp),
  ]);
});

afterAll(() => {
  const { cases, arrived, dead, waiting, lost, duplicates } = end;
  const at = Object.entries(first).map(([status, count]) => `${count} ${status}`);
  console.log(`fault matrix: ${cases} cases (channel × fault); at first ${at.join(', ')}`);
  console.log(
    `fault matrix: in the end ${arrived} arrived, ${dead} dead, ${waiting} waiting, ${lost} lost; ${duplicates} arrived twice, all where the answer was cut off`,
  );
  expect({ lost, waiting, all: arrived + dead }).toEqual({ lost: 0, waiting: 0, all: cases });
});
