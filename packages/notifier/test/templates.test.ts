import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { eventNames, isTemplateError, loadTemplates, renderMessage } from '../src/index.ts';

const shipped = fileURLToPath(new URL('../../../templates/notifications', import.meta.url));
const head = { id: 'a', at: '2026-11-23T20:00:00.000Z', run: null };

const load = async (name: string, text: string) => {
  const folder = await tempFolder();
  await writeFile(join(folder, name), text);
  return loadTemplates(folder);
};
const issuesOf = async (name: string, text: string) => {
  try {
    await load(name, text);
  } catch (error) {
    if (!isTemplateError(error)) throw error;
    return error.issues.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  return [];
};

describe('the shipped templates', () => {
  it('are one for every event, and render with what is always given', async () => {
    const templates = await loadTemplates(shipped);
    expect([...templates.byEvent.keys()].sort()).toEqual([...eventNames].sort());
    for (const event of eventNames) {
      const message = renderMessage(
        templates,
        event,
        { service: 'dhash', env: 'production', gate: 'p95' },
        head,
      );
      expect(message.title).toMatch(/dhash production/);
      expect(JSON.stringify(message)).not.toContain('{{');
      // What is missing leaves no gap in a sentence.
      expect(message.title + message.summary).not.toMatch(/ {2}| [.,:]/);
      expect(message.facts.every(({ value }) => value !== '')).toBe(true);
    }
  });
});

describe('a template', () => {
  it.each([
    [
      'unknown field',
      'event: test\ntitle: x\nsumary: y\n',
      ['3:1 unknown field "sumary" (did you mean "summary"?)'],
    ],
    [
      'unknown field of a fact',
      'event: test\ntitle: x\nfacts:\n  - { nam: a, value: b }\n',
      [
        expect.stringMatching(/^4:7 unknown field "nam"/),
        expect.stringMatching(/^4:5 facts: "name" is missing/),
      ],
    ],
    [
      'unknown variable',
      'event: test\ntitle: "x {{servce}}"\n',
      ['2:11 "test" has no variable "servce" (did you mean "service"?)'.replace('2:11', '2:11')],
    ],
    [
      'variable that may be missing',
      'event: test\ntitle: x\nsummary: "a\n  {{message}}"\n',
      ['4:3 "message" may be missing in "test"; write {{message?}}'],
    ],
    [
      'wrong event',
      'event: success\ntitle: x\n',
      ['1:8 the event is wrong: the file is test.yaml; write event: test'],
    ],
    ['no title', 'event: test\n', ['1:1 "title" is missing']],
    [
      'bad severity',
      'event: test\nseverity: bad\ntitle: x\n',
      ['2:11 severity must be one of info, warning, critical'],
    ],
    [
      'stray braces',
      'event: test\ntitle: "{{ not one }}"\n',
      [expect.stringMatching(/^2:8 "title" has a "{{"/)],
    ],
    ['not a map', '- a\n', [expect.stringMatching(/^1:1 /)]],
    ['not YAML', 'event: [\n', [expect.stringMatching(/^2:1 /)]],
    [
      'much that is no YAML',
      `event: }${'x'.repeat(9999)}`,
      [
        '1:8 Unexpected flow-map-end token in YAML stream',
        '1:9 Unexpected scalar token in YAML stream',
      ],
    ],
  ])('with %s is refused with its place', async (_name, text, expected) => {
    expect(await issuesOf('test.yaml', text)).toEqual(expected);
  });

  it('of an event that does not exist is refused by name', async () => {
    expect(await issuesOf('gate-brake.yaml', 'event: gate-brake\ntitle: x\n')).toEqual([
      '1:1 there is no event "gate-brake" (did you mean "gate-break"?)',
    ]);
  });

  it('says which variable is missing, where it stands and what was given', async () => {
    const templates = await load(
      'gate-break.yaml',
      'event: gate-break\ntitle: "{{service}} {{gate}}"\n',
    );
    expect(() => renderMessage(templates, 'gate-break', { service: 'x' }, head)).toThrow(
      expect.objectContaining({
        line: 2,
        column: 21,
        code: 'bad-template',
        message: expect.stringContaining('"gate" is missing; given: service'),
      }),
    );
  });

  it('puts values in once: what stands in a value is no placeholder', async () => {
    const templates = await load(
      'test.yaml',
      'event: test\ntitle: "{{service}}"\nsummary: "{{message?}}"\n',
    );
    const rendered = renderMessage(
      templates,
      'test',
      { service: '{{env}} $& $1', env: 'no', message: 7 },
      head,
    );
    expect(rendered).toMatchObject({ title: '{{env}} $& $1', summary: '7', severity: 'info' });
  });
});
