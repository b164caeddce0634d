import { library } from '../../tsup.base.ts';

export default library({
  // node:sqlite has no name without its prefix.
  removeNodeProtocol: false,
  // A cold process: loading zod's many files took longer than a small backup. Bundled, only what is used of it
  // comes along (its licence is in NOTICE).
  noExternal: ['zod'],
});
