import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { exitCodes, isNotThere, RolloutError } from '../errors.ts';

/** Says to ssh what a signature is for, so that one given for something else is none here. */
const NAMESPACE = 'dhash-rollout-signoff';

const sshKeygen = async (
  args: readonly string[],
  { input, stdin }: { readonly input: string; readonly stdin: 'pipe' | 'inherit' },
): Promise<{ readonly exit: number; readonly said: string }> => {
  const child = spawn('ssh-keygen', ['-Y', ...args], { stdio: [stdin, 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
  // One that ends before it has read everything has said why.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  try {
    const [exit] = (await once(child, 'close')) as [number | null];
    return { exit: exit ?? 1, said: said.trim() };
  } catch (cause) {
    if (!isNotThere(cause)) throw cause;
    throw new RolloutError(
      'no-ssh-keygen',
      exitCodes.usage,
      'ssh-keygen is needed, and is not on PATH',
      {
        hints: ['install OpenSSH (Debian: openssh-client)'],
        cause,
      },
    );
  }
};

/**
 * Signs a file with an SSH key; the signature is `FILE.sig`.
 *
 * @param key private key, or a public one whose private key an agent holds
 * @throws {RolloutError} `not-signed` (exit 1) with what ssh-keygen said
 */
export const signFile = async (file: string, key: string): Promise<string> => {
  // A passphrase is asked for on the terminal.
  const args = ['sign', '-f', key, '-n', NAMESPACE, file];
  const { exit, said } = await sshKeygen(args, { input: '', stdin: 'inherit' });
  if (exit === 0) return `${file}.sig`;
  throw new RolloutError(
    'not-signed',
    exitCodes.failed,
    `ssh-keygen did not sign with ${key}: ${said}`,
  );
};

/** Why a signature does not show that `by` signed this text; `null`: it does. */
export const signatureProblem = async (
  text: string,
  { signature, allowedSigners, by }: Record<'signature' | 'allowedSigners' | 'by', string>,
): Promise<string | null> => {
  const args = ['verify', '-f', allowedSigners, '-I', by, '-n', NAMESPACE, '-s', signature];
  const { exit, said } = await sshKeygen(args, { input: text, stdin: 'pipe' });
  return exit === 0 ? null : `no signature of ${by} by a key in ${allowedSigners}: ${said}`;
};
