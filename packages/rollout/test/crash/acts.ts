import { take } from '../../src/cli/commands/backup/take.ts';
import { deploy, prepareDeploy } from '../../src/deploy/deploy.ts';
import { migrate, resumeMigrate } from '../../src/deploy/migrate.ts';
import { abortDeploy, resumeDeploy } from '../../src/deploy/open-deploy.ts';
import { monitor } from '../../src/guard/monitor.ts';
import { rollbackByHand } from '../../src/rollback/by-hand.ts';
import { resumeRollback } from '../../src/rollback/resume.ts';
import { promoteByHand } from '../../src/takeover/promote.ts';
import type { Work } from './world.ts';

/* What a person can type, as the command line calls it. */

export const deployOf =
  (version: string): Work =>
  async (context, environment) => {
    const options = {
      ...{ backupFirst: false, supersede: false, retryVersion: false },
      ...{ reason: null, disarm: [], expect: [] },
    };
    const prepared = await prepareDeploy(context, environment, { ...options, version });
    return deploy(context, environment, prepared, options, null);
  };
export const deployResume: Work = (context, environment) =>
  resumeDeploy(context, environment, null);
export const deployAbort: Work = abortDeploy;
export const migrateTo =
  (direction: 'forward' | 'rollback'): Work =>
  (context, environment) =>
    migrate(context, environment, direction, {});
export const migrateResume: Work = resumeMigrate;
export const rollbackTo =
  (file: string): Work =>
  (context, environment) =>
    rollbackByHand(context, environment, { kind: 'backup', file, release: 'stamped' }, 'test');
export const rollbackResume: Work = resumeRollback;
export const watch =
  (resume: boolean): Work =>
  (context, environment) =>
    monitor(context, environment, { resume, extend: null, autoRollback: true });
export const promote: Work = (context, environment) => promoteByHand(context, environment, 'test');
export const takeBackup: Work = (context, environment) => take(context, environment, {});
