import { library } from '../../tsup.base.ts';

// A message from a cold process: loading zod's many files took longer than sending. Bundled, only
// what is used of it comes along (its licence is in NOTICE).
export default library({ noExternal: ['zod'] });
