/** How to reach a database, for psql and its kin: by environment only, since anyone can read a process's arguments. */
export interface Connection {
  readonly database: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Parameters of a connection string and the variables that stand for them (PostgreSQL manual, 34.15). */
const VARIABLES: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  sslmode: 'PGSSLMODE',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslrootcert: 'PGSSLROOTCERT',
  channel_binding: 'PGCHANNELBINDING',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  options: 'PGOPTIONS',
};

/** As libpq reads it (manual, 34.1.1.2): unlike in a web address, the host may be empty after a user. */
const ADDRESS =
  /^postgres(?:ql)?:\/\/(?:([^/?#@:]*)(?::([^/?#@]*))?@)?(\[[^\]]+\]|[^/?#:,]*)(?::(\d*))?\/([^?#/]+)(?:\?([^#]*))?$/;

/** Whether two addresses lead to one database, whoever logs in there. */
export const isSameDatabase = (one: string, other: string): boolean => {
  const [a, b] = [parseConnection(one), parseConnection(other)];
  if ('problem' in a || 'problem' in b) return one === other;
  return (
    a.database === b.database &&
    ['PGHOST', 'PGPORT'].every((variable) => a.env[variable] === b.env[variable])
  );
};

/** The address of another database of the same server, for the same role. @throws TypeError where it is no address */
export const addressOf = (url: string, database: string): string => {
  const [, before, after] = /^([a-z]+:\/\/[^/?#]*\/)[^?#/]+(.*)$/.exec(url) ?? [];
  if (before === undefined) throw new TypeError('this is no address of a database');
  return before + encodeURIComponent(database) + after;
};

/** Whether a server is reached by a socket in the file system, as libpq decides (manual, 34.1.2: host, hostaddr). */
export const isBySocket = (url: string, processEnv: NodeJS.ProcessEnv): boolean => {
  const parsed = parseConnection(url);
  if ('problem' in parsed || processEnv['PGHOSTADDR'] !== undefined) return false;
  const host = parsed.env['PGHOST'] ?? processEnv['PGHOST'] ?? '';
  return host === '' || host.startsWith('/');
};

/** Reads `postgresql://user:password@host:port/database?parameters`. The text of a problem never holds the address. */
export const parseConnection = (url: string): Connection | { readonly problem: string } => {
  const parts = ADDRESS.exec(url)
    ?.slice(1)
    .map((part) => part ?? '');
  if (parts === undefined)
    return {
      problem:
        'is not of the form postgresql://user:password@host:port/database (one host; what is special in the password as %XX)',
    };
  try {
    const [user = '', password = '', host = '', port = '', database = ''] = parts.map((part) =>
      decodeURIComponent(part),
    );
    const given = { host: host.replace(/^\[(.*)\]$/, '$1'), port, user, password };
    const env: Record<string, string> = {};
    for (const [key, value] of [
      ...Object.entries(given).filter(([, value]) => value !== ''),
      ...new URLSearchParams(parts[5]),
    ]) {
      const variable = VARIABLES[key];
      if (variable === undefined)
        return {
          problem: `has a parameter "${key}"; known: ${Object.keys(VARIABLES).join(', ')}`,
        };
      env[variable] = value;
    }
    return { database, env };
  } catch {
    return { problem: 'holds a % that begins no escape' };
  }
};
