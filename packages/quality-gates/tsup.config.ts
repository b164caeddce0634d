import { library } from '../../tsup.base.ts';

export default library({
  entry: ['src/index.ts', 'src/config.ts', 'src/tune.ts', 'src/export.ts'],
  target: 'es2022',
  platform: 'neutral',
});
