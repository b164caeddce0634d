// Runs the main job: a whole guarded rollout of the example service, with a bad release rolled back.
import { runDemo } from './demo/run-demo.js';

process.exitCode = await runDemo();
