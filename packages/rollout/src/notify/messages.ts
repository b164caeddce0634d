import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Acts,
  type Attachment,
  events,
  fixedLinks,
  isTemplateError,
  loadTemplates,
  type Message,
  renderMessage,
  type Severity,
  type Situation,
  type TemplateError,
  type Templates,
  whoActs,
} from '@dhash/notifier';
import type { Environment } from '../environment/environment.ts';
import type { EventStanding } from '../environment/event-standing.ts';
import { currentHost } from '../process/who.ts';

/** What a template may use; each event gives those it has. All are texts. */
export type MessageVariables = Readonly<Record<string, string>>;

/** Phases as operators name them, and the events whose templates they use. */
export const phases: Readonly<Record<string, string>> = {
  't-30': 't-minus-30',
  't-5': 't-minus-5',
  't-0': 't-zero',
  '+5': 't-plus-5',
  '+15': 't-plus-15',
  '+30': 't-plus-30',
  '+60': 't-plus-60',
  success: 'success',
  failed: 'deploy-failed',
  'rollback-started': 'rollback-started',
  'rollback-done': 'rollback-done',
  'rollback-failed': 'rollback-failed',
  inconclusive: 'inconclusive',
};

/** The project's own templates, where it has any. */
const projectTemplates = async (root: string): Promise<Templates | null> => {
  const folder = join(root, 'templates', 'notifications');
  return existsSync(folder) ? loadTemplates(folder) : null;
};

/** A message id that is safe as a file name, and the same where a resumed run says the same again. */
const messageId = (run: string, event: string): string => {
  const readable = `${run}-${event}`;
  return /^[A-Za-z0-9_-]{1,64}$/.test(readable)
    ? readable
    : createHash('sha256').update(readable).digest('hex').slice(0, 40);
};

const urgent = (event: string): Severity => events[event]?.severity ?? 'info';

const orNull = (text: string | undefined): string | null =>
  text === undefined || text === '' ? null : text;

const actsAfter = (
  event: string,
  variables: MessageVariables,
  standing: EventStanding,
): Acts | undefined =>
  standing.acts ??
  whoActs(event, {
    next: standing.next ?? null,
    serving: standing.serving ?? null,
    version: orNull(variables['version']),
    previous: orNull(variables['previous']),
    commands: { rollBack: null, goOn: null, look: null, ...standing.commands },
  });

const withoutTemplate = (
  event: string,
  variables: MessageVariables,
  head: Pick<Message, 'id' | 'at' | 'run' | 'acts' | 'situation'>,
): Message => ({
  ...head,
  event,
  severity: urgent(event),
  title: `${variables['service']} ${variables['env']}: ${event.replaceAll('-', ' ')}`,
  summary: variables['summary'] ?? '',
  facts: Object.entries(variables)
    .filter(([name, value]) => name !== 'summary' && value !== '')
    .map(([name, value]) => ({ name, value })),
  sections: [],
  links: [],
});

/**
 * The message of an event: from the project's template, or plain where the project has none.
 *
 * @throws TemplateError where templates can't be read or used, unless `onBadTemplate` takes it: then
 * the message is plain, since one that looks bare is better than none.
 */
export const eventMessage = async (
  { config }: Environment,
  event: string,
  given: {
    readonly nowMs: number;
    readonly run?: { readonly id: string; readonly head: string };
    readonly severity?: Severity | null;
    readonly variables: MessageVariables;
    /** Left out: nothing is said of who must act. */
    readonly standing?: EventStanding;
    /** The person, or the account, that started the run. */
    readonly operator?: string;
    readonly attachments?: readonly Attachment[];
    readonly onBadTemplate?: (error: TemplateError) => void;
  },
): Promise<Message> => {
  const head = {
    // Two steps of a run may say the same event: two backups, a failure and one after a resume.
    id:
      given.run === undefined
        ? freshId(given.nowMs)
        : messageId(given.run.id, [event, given.variables['step'] ?? []].flat().join('-')),
    at: new Date(given.nowMs).toISOString(),
    run: given.run?.id ?? null,
    ...stateOf(event, given),
  };
  const known = {
    service: config.service,
    env: config.env,
    url: config.url,
    ...(given.run === undefined ? {} : { run: given.run.id, head: given.run.head }),
    ...Object.fromEntries(Object.entries(given.variables).filter(([, value]) => value !== '')),
  };
  const links = fixedLinks(config.links, {
    service: config.service,
    env: config.env,
    event,
    run: head.run,
    version: orNull(given.variables['version']),
  });
  const fromTemplate = async (): Promise<Message | null> => {
    try {
      const templates = await projectTemplates(config.root);
      return templates === null ? null : renderMessage(templates, event, known, { ...head, links });
    } catch (error) {
      if (given.onBadTemplate === undefined || !isTemplateError(error)) throw error;
      given.onBadTemplate(error);
      return null;
    }
  };
  const message = (await fromTemplate()) ?? { ...withoutTemplate(event, known, head), links };
  return {
    ...message,
    ...(given.severity == null ? {} : { severity: given.severity }),
    ...(given.attachments === undefined ? {} : { attachments: given.attachments }),
  };
};

/** What a message of a run says beside its template: who must act, and how things stand. */
const stateOf = (
  event: string,
  given: {
    readonly run?: object;
    readonly variables: MessageVariables;
    readonly standing?: EventStanding;
    readonly operator?: string;
  },
): { acts?: Acts; situation?: Situation } => {
  if (given.run === undefined && given.standing === undefined) return {};
  const { standing = {} } = given;
  const acts =
    given.standing === undefined ? undefined : actsAfter(event, given.variables, standing);
  return {
    ...(acts === undefined ? {} : { acts }),
    situation: {
      serving: standing.serving ?? null,
      downtimeMs: standing.downtimeMs ?? null,
      rowsSetAside: standing.rowsSetAside ?? null,
      host: currentHost(),
      operator: given.operator ?? null,
    },
  };
};

const freshId = (nowMs: number): string => `${nowMs}-${randomBytes(6).toString('hex')}`;

/** A message that a person writes. */
export const freeMessage = (given: {
  readonly service: string;
  readonly env: string;
  /** `null`: none was named; it goes where a `test` goes. */
  readonly type: string | null;
  readonly text: string;
  readonly severity: Severity | null;
  readonly title: string | null;
  readonly nowMs: number;
}): Message => ({
  id: freshId(given.nowMs),
  event: given.type ?? 'test',
  severity: given.severity ?? 'info',
  title:
    given.title ??
    `${given.service} ${given.env}: ${given.type === null ? 'message' : given.type.replaceAll('-', ' ')}`,
  summary: given.text,
  facts: [
    { name: 'service', value: given.service },
    { name: 'environment', value: given.env },
  ],
  sections: [],
  links: [],
  at: new Date(given.nowMs).toISOString(),
  run: null,
});
