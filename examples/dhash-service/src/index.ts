// What the tests and the scripts of this folder use; the built releases have entries of their own.
export { createApp } from './app.ts';
export { cellSums, differenceHash, distanceBetween, type LumaPlane, wordsOf } from './dhash.ts';
export { isServiceError, ServiceError, type ServiceErrorCode } from './errors.ts';
export { jsonLog, type Log } from './log.ts';
export { type OpenService, openService } from './open-service.ts';
export type { Release } from './release.ts';
export { parseSettings, placesIn, type Settings } from './settings.ts';
