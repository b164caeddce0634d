#!/usr/bin/env node
import { runModern } from './run-modern.js';

await runModern(process.argv.slice(2));
