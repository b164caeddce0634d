import * as z from 'zod';
import { text } from './scalars.ts';

const login = text.describe('Login at GitHub.');

/** `approvals` of rollout.yaml: what a pull request needs before it is merged. */
export const approvalsSchema = z
  .strictObject({
    count: z.int().min(1).default(2).describe('Approvals in all. Default: 2.'),
    of: z
      .array(
        z.strictObject({
          name: text.describe('How these people are called: Ops/SRE.'),
          count: z.int().min(1).default(1).describe('Approvals of theirs. Default: 1.'),
          team: z
            .string()
            .regex(/^@[\w.-]+\/[\w.-]+$/, 'must be @ORGANISATION/TEAM')
            .optional()
            .describe('@ORGANISATION/TEAM; to read it, a token needs read:org.'),
          members: z.array(login).optional().describe('Logins, beside the team or in its place.'),
        }),
      )
      .default([])
      .describe('How many of them must be of whom.'),
  })
  .describe('What dhash-rollout approvals asks of a pull request.');

export type ApprovalRules = z.output<typeof approvalsSchema>;
