// The command line from the sources, for who works on them: `npm run cli -- status --env production`.
import { asProcess, main } from '@dhash/rollout';

await asProcess(() => main(process.argv.slice(2)));
