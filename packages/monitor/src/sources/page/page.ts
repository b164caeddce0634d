import { isUtf8 } from 'node:buffer';
import type { Labels } from './series-labels.ts';

/** A page as text. Where its bytes are not UTF-8 as a whole, each character is one byte, and `decode` reads a part. */
export interface PageText {
  readonly text: string;
  readonly unit: 'character' | 'byte';
  /** `null`: this part is not UTF-8, for which Prometheus refuses a label or a HELP. */
  decode(part: string): string | null;
}

/** One series of a page. */
export type PageSeries = {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  /** Of the value itself, ms since the epoch; `null`: it has none, and is of now. */
  readonly timestampMs: number | null;
  /** Where its line begins. */
  readonly at: number;
  /** The page ends in this line, without a line feed: the number may be half of one. */
  readonly isCut: boolean;
};

/** Told what a page holds, in its order. */
export interface PageVisitor {
  /** A family was declared; `type` is `null` for a HELP. */
  declared(name: string, type: string | null): void;
  /** Asked for each line with a series: whether it is to be told. */
  wants(name: string): boolean;
  /** A series that is wanted, or the one in which the page was cut off. */
  series(series: PageSeries): void;
  /** A series that is wanted and left out: its labels are more than any service has. */
  oversized(name: string, at: number): void;
}

export const pageText = (bytes: Buffer): PageText =>
  isUtf8(bytes)
    ? { text: bytes.toString('utf8'), unit: 'character', decode: (part) => part }
    : {
        text: bytes.toString('latin1'),
        unit: 'byte',
        decode: (part) => {
          const own = Buffer.from(part, 'latin1');
          return isUtf8(own) ? own.toString('utf8') : null;
        },
      };
