// Fills the lines "## CI runs" of a pull request's text from the jobs of a workflow run:
// node scripts/premerge/link-ci-runs.js PR_BODY.md jobs.json > comment.md
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

/**
 * @typedef {{ name: string, html_url: string, run_url?: string, conclusion: string | null }} Job
 */

/**
 * Each line with `<!-- ci:NAME -->` gets the link and the end of the job of that name; a box is ticked only where it
 * succeeded. `ci:run` is the workflow run that they belong to.
 *
 * @param {string} body
 * @param {readonly Job[]} jobs
 * @returns {string}
 */
export const linkCiRuns = (body, jobs) =>
  body.replace(/^- \[ \] (.*?): \(not run yet\) <!-- ci:(.*?) -->$/gm, (line, what, name) => {
    const job = name === 'run' ? jobs[0] : jobs.find((one) => one.name === name);
    if (job === undefined) return line;
    if (name === 'run') {
      const all = jobs.filter(({ conclusion }) => conclusion !== null);
      const good = all.every(({ conclusion }) => conclusion === 'success');
      return `- [${good ? 'x' : ' '}] ${what}: ${job.html_url.replace(/\/job\/.*$/, '')}`;
    }
    return `- [${job.conclusion === 'success' ? 'x' : ' '}] ${what}: ${job.conclusion ?? 'runs'}, ${job.html_url}`;
  });

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [body = '', jobs = ''] = process.argv.slice(2);
  const answer = JSON.parse(await readFile(jobs, 'utf8'));
  process.stdout.write(linkCiRuns(await readFile(body, 'utf8'), answer.jobs));
}
