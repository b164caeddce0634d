import { library } from '../../tsup.base.ts';

// node:sqlite has no name without its prefix.
export default library({ removeNodeProtocol: false });
