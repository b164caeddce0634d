import manifest from '../package.json' with { type: 'json' };

/** How this tool names itself in manifests and records. */
export const tool = { name: manifest.name, version: manifest.version };
