import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Lock } from '@dhash/journal';
import { gatherRollback, planRollback, rollback, type RollbackOutcome } from '@dhash/rollback';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import type { Announcer } from '../operate/announcer.ts';
import type { CommandContext, CommandResult } from '../operate/context.ts';
import type { Environment } from '../operate/environment.ts';
import { runSmoke } from '../operate/service-checks.ts';
import { showSteps } from '../operate/show-steps.ts';
import { currentUser } from '../operate/who.ts';
import type { Recorder } from '../record/recorder.ts';
import { tool } from '../tool.ts';

