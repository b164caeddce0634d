export { type AxeFinding, graveOf, runAxe } from './axe.ts';
export { canary } from './canary/canary.ts';
export { chromiumFile, openChromium } from './chromium.ts';
export { type FakeClock, fakeClock } from './fake-clock.ts';
export { freePort } from './free-port.ts';
export { hasTool } from './has-tool.ts';
export { type RecordedRequest, startHttpServer, type TestHttpServer } from './http-server.ts';
export { type NpmRegistry, startNpmRegistry } from './npm-registry.ts';
export { type PostgresServer, sharedPostgres, startPostgres } from './postgres.ts';
export { startPrometheus } from './prometheus.ts';
export { readmeExample } from './readme-example.ts';
export { startS3Server, type TestS3Server } from './s3-server.ts';
export {
  type Scraped,
  type ScrapedPage,
  scrapeWithPrometheus,
  startScrapingPrometheus,
} from './scrape.ts';
export { makeTempFolder, tempFolder } from './temp-folder.ts';
export { type Traced, traceDisk } from './trace-disk.ts';
