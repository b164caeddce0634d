import type { Severity } from '../message.ts';

/** A place in a template file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A `{{name}}` or `{{name?}}`. */
export interface Placeholder extends Place {
  readonly name: string;
  /** Written with `?`: nothing where the variable is missing. */
  readonly isOptional: boolean;
}

/** A text with its placeholders. */
export interface TemplateText extends Place {
  readonly source: string;
  readonly placeholders: readonly Placeholder[];
}

/** One event's message, before its variables. */
export interface Template {
  readonly event: string;
  readonly file: string;
  readonly severity: Severity;
  readonly title: TemplateText;
  readonly summary: TemplateText | null;
  readonly facts: readonly { readonly name: TemplateText; readonly value: TemplateText }[];
  readonly sections: readonly { readonly title: TemplateText; readonly text: TemplateText }[];
  readonly links: readonly { readonly title: TemplateText; readonly url: TemplateText }[];
}

/** `{{ name }}` or `{{ name? }}`. */
export const placeholderPattern = /\{\{\s*([A-Za-z][A-Za-z0-9_]*)\s*(\?)?\s*\}\}/g;
