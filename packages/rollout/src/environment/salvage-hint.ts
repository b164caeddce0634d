import { type CommandContext, commandHint } from './context.ts';

/** What a person types to see what a run set aside. */
export const salvageHint = (context: CommandContext, run: string): string =>
  commandHint(context, `salvage ${run}`);
