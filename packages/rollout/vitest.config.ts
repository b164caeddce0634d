import { project } from '../../vitest.shared.ts';

export default project('@dhash/rollout', { globalSetup: './test/system/program-folder.ts' });
