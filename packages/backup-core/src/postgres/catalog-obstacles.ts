import { type Found, refuses, warns } from '../put-back/obstacle.ts';
import type { PostgresSource } from '../types.ts';
import { databaseOf, quoteText, runSql } from './psql.ts';

/** What the catalog says, as one JSON object. */
interface Catalog {
  readonly role: string;
  readonly isSuper: boolean;
  readonly createsDatabases: boolean;
  readonly owner: string;
  readonly ownsIt: boolean;
  /** Sessions of roles whose sessions this role may not end. */
  readonly sessions: readonly {
    readonly role: string;
    readonly program: string;
    readonly count: number;
  }[];
  readonly prepared: readonly { readonly name: string; readonly role: string }[];
  readonly slots: readonly string[];
  readonly extensions: readonly string[];
  /** Owners of things in the database that this role is no member of, each with one thing. */
  readonly owners: readonly {
    readonly role: string;
    readonly thing: string;
    readonly count: number;
  }[];
}

/**
 * A role ends its own sessions and those of roles that it has; with pg_signal_backend all but a superuser's. A session
 * without a user is a worker of the server, which goes by itself. What an older server does not know of is read through
 * JSON.
 */
const CATALOG = `WITH me AS (SELECT oid, rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user),
  base AS (SELECT oid, datdba FROM pg_database WHERE datname = current_database()),
  theirs AS (SELECT a.usename AS role, coalesce(a.application_name, '') AS program, count(*) AS count
    FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid, me, base
    WHERE a.datid = base.oid AND a.pid <> pg_backend_pid() AND NOT me.rolsuper
      AND NOT pg_has_role(me.oid, a.usesysid, 'USAGE')
      AND (r.rolsuper OR NOT pg_has_role(me.oid, 'pg_signal_backend', 'USAGE'))
    GROUP BY 1, 2),
  things AS (
    SELECT relowner AS owner, oid, 'pg_class'::regclass AS class, relname AS name, relnamespace AS space FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL SELECT proowner, oid, 'pg_proc'::regclass, proname, pronamespace FROM pg_proc
    UNION ALL SELECT typowner, oid, 'pg_type'::regclass, typname, typnamespace FROM pg_type WHERE typrelid = 0 AND typelem = 0
    UNION ALL SELECT nspowner, oid, 'pg_namespace'::regclass, nspname, oid FROM pg_namespace),
  foreigners AS (SELECT pg_get_userbyid(t.owner) AS role, min(format('%I.%I', n.nspname, t.name)) AS thing, count(*) AS count
    FROM things t JOIN pg_namespace n ON n.oid = t.space, me
    WHERE NOT me.rolsuper AND NOT pg_has_role(me.oid, t.owner, 'MEMBER')
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT (t.class = 'pg_namespace'::regclass AND t.name = 'public')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = t.class AND d.objid = t.oid AND d.deptype IN ('e', 'i'))
    GROUP BY 1)
SELECT json_build_object(
  'role', me.rolname, 'isSuper', me.rolsuper, 'createsDatabases', me.rolcreatedb OR me.rolsuper,
  'owner', pg_get_userbyid(base.datdba), 'ownsIt', me.rolsuper OR pg_has_role(me.oid, base.datdba, 'USAGE'),
  'sessions', coalesce((SELECT json_agg(row_to_json(theirs) ORDER BY role) FROM theirs), '[]'),
  'prepared', coalesce((SELECT json_agg(json_build_object('name', gid, 'role', owner) ORDER BY gid)
    FROM pg_prepared_xacts WHERE database = current_database()), '[]'),
  'slots', coalesce((SELECT json_agg(slot_name ORDER BY slot_name)
    FROM pg_replication_slots WHERE database = current_database()), '[]'),
  'extensions', coalesce((SELECT json_agg(e.extname ORDER BY e.extname)
    FROM pg_extension e LEFT JOIN pg_available_extension_versions v ON v.name = e.extname AND v.version = e.extversion
    WHERE NOT me.rolsuper AND e.extname <> 'plpgsql'
      AND coalesce(v.superuser, true) AND NOT coalesce((to_jsonb(v)->>'trusted')::boolean, false)), '[]'),
  'owners', coalesce((SELECT json_agg(row_to_json(foreigners) ORDER BY role) FROM foreigners), '[]'))
FROM me, base;
`;

const isOne = (count: number): boolean => count === 1;

const named = (list: readonly string[]): string => list.map((each) => `"${each}"`).join(', ');

const rights = (source: string, live: string, catalog: Catalog): Found[] => [
  ...(catalog.createsDatabases
    ? []
    : [
        refuses(
          'rights',
          `its role may not create databases, and a restore needs a side database: ALTER ROLE … CREATEDB`,
        ),
      ]),
  ...(catalog.ownsIt
    ? []
    : [
        refuses(
          'rights',
          `the database "${live}" belongs to "${catalog.owner}", and the role "${catalog.role}" of the source "${source}" may not rename it: name the owner in the url, or GRANT "${catalog.owner}" TO "${catalog.role}"`,
        ),
      ]),
];

const sessions = (live: string, { role, sessions: theirs }: Catalog): Found[] =>
  theirs.map(({ role: of, program, count }) =>
    refuses(
      'sessions',
      `${count} session${isOne(count) ? '' : 's'} of the role "${of}"${program === '' ? '' : ` (${program})`} in "${live}", which "${role}" may not end: a restore renames the database, and nobody may be in it. Keep that role out of it (REVOKE CONNECT, or let it look from another database), or GRANT pg_signal_backend TO "${role}" where it is no superuser's`,
    ),
  );

const contents = (live: string, catalog: Catalog): Found[] => [
  ...catalog.extensions.map((extension) =>
    refuses(
      'extension',
      `the extension "${extension}" in "${live}" can only be made by a superuser, and a restore makes it again as "${catalog.role}": let a superuser's address be the source's url, or let the extension live in another database`,
    ),
  ),
  ...catalog.owners.map(({ role, thing, count }) =>
    refuses(
      'owners',
      `${isOne(count) ? `${thing} in "${live}" belongs` : `${thing} and ${count - 1} more in "${live}" belong`} to the role "${role}", which "${catalog.role}" can't give anything to: GRANT "${role}" TO "${catalog.role}", or REASSIGN OWNED BY "${role}"`,
    ),
  ),
];

/** What the catalog of a live database says of a restore by this very role. Read-only. */
export const lookAtCatalog = async (
  source: PostgresSource,
  signal: AbortSignal | undefined,
): Promise<Found[]> => {
  const live = databaseOf(source);
  const [row] = await runSql(source, CATALOG, { database: live, signal });
  const catalog = row as Catalog;
  return [
    ...rights(source.name, live, catalog),
    ...sessions(live, catalog),
    ...catalog.prepared.map(({ name, role }) =>
      refuses(
        'prepared-transaction',
        `the prepared transaction "${name}" of the role "${role}" is open in "${live}", and keeps it from being renamed: end it there by ROLLBACK PREPARED ${quoteText(name)} or COMMIT PREPARED ${quoteText(name)}`,
      ),
    ),
    ...(catalog.slots.length === 0
      ? []
      : [
          warns(
            'replication-slot',
            `the replication slot${catalog.slots.length === 1 ? '' : 's'} ${named(catalog.slots)} of "${live}" would stay with the database that is put aside, and keep that from being removed: after a restore, drop and make again what reads from there`,
          ),
        ]),
    ...contents(live, catalog),
  ];
};
