import {
  type ImportSite,
  type PackageSources,
  readPackage,
  relativeTarget,
  rootDevDependencies,
  workspaceFolders,
} from './read-package.ts';
import { bundled, type PackageRule, packageRules, testOnly } from './rules.ts';

/** One import, or one package, that the rules refuse. */
export interface Violation {
  /** From the root of the repository. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

interface Facts {
  readonly rule: PackageRule;
  readonly sources: PackageSources;
  /** Names of all packages of the repository. */
  readonly own: ReadonlySet<string>;
  readonly rootDevDependencies: ReadonlySet<string>;
  readonly testOnly: readonly string[];
}

type Check = (site: ImportSite, facts: Facts) => string | null;

const isRelative = (specifier: string) => /^\.\.?(\/|$)/.test(specifier);
const isNode = (specifier: string) => specifier.startsWith('node:');
const isTest = ({ file }: ImportSite) => file.startsWith('test/');

/** `@scope/name/sub/path` → `@scope/name`. */
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

const fromRegistryOrSibling = (specifier: string) => !isRelative(specifier) && !isNode(specifier);

const staysInside: Check = (site) =>
  isRelative(site.specifier) && relativeTarget(site).startsWith('..')
    ? `"${site.specifier}" leaves the package; import the other package by its name`
    : null;

const leavesOwnIndexAlone: Check = (site, { sources }) => {
  if (isTest(site)) return null;
  const target = isRelative(site.specifier) ? relativeTarget(site) : site.specifier;
  return /^src\/index\.\w+$/.test(target) || packageOf(target) === sources.name
    ? `"${site.specifier}" is the package's own index; import the file that defines it`
    : null;
};

const leavesTestsAlone: Check = (site) =>
  !isTest(site) && isRelative(site.specifier) && relativeTarget(site).startsWith('test/')
    ? `"${site.specifier}" is a test; what src/ needs belongs into src/`
    : null;

const takesWhatIsBundled: Check = (site, { rule }) =>
  isTest(site) ||
  rule.bundled === undefined ||
  !bundled.includes(packageOf(site.specifier)) ||
  rule.bundled.includes(site.specifier)
    ? null
    : `"${site.specifier}" is not for ${rule.folder}; it may import ${rule.bundled.join(', ')}`;

const keepsDirection: Check = (site, { rule, sources, own, testOnly: forTests }) => {
  const name = packageOf(site.specifier);
  if (!own.has(name) || name === sources.name || bundled.includes(name)) return null;
  const allowed = isTest(site) ? [...rule.siblings, ...forTests] : rule.siblings;
  if (allowed.includes(name)) return null;
  const list = allowed.length === 0 ? 'no other package' : `only ${allowed.join(', ')}`;
  return `${sources.name} may not import ${name}; ${isTest(site) ? 'its tests' : 'it'} may import ${list}`;
};

const keepsOffNode: Check = (site, { rule, sources }) =>
  rule.node === 'refused' && !isTest(site) && isNode(site.specifier)
    ? `${sources.name} runs in a browser and may not import ${site.specifier}`
    : null;

/** `src/record/runs.ts` → `record`; `null` for what lies in `src/` itself or outside it. */
const folderOf = (file: string): string | null => /^src\/([^/]+)\//.exec(file)?.[1] ?? null;

const keepsFolderOrder: Check = (site, { rule }) => {
  const own = folderOf(site.file);
  if (rule.folders === undefined || own === null) return null;
  const rank = rule.folders.indexOf(own);
  if (rank === -1)
    return `src/${own} has no place in the order of folders; give it one in internal/import-rules/src/rules.ts`;
  const target = isRelative(site.specifier) ? folderOf(relativeTarget(site)) : null;
  if (target === null || rule.folders.indexOf(target) <= rank) return null;
  return `"${site.specifier}" lies above src/${own}; it may import ${rule.folders.slice(0, rank + 1).join(', ')}`;
};

const isDeclared: Check = (site, { sources, rootDevDependencies: ofRoot }) => {
  if (!fromRegistryOrSibling(site.specifier)) return null;
  const name = packageOf(site.specifier);
  if (name === sources.name || sources.dependencies.has(name)) return null;
  if (!isTest(site) && sources.published && !bundled.includes(name))
    return `${name} is not among the dependencies of ${sources.name}`;
  return sources.devDependencies.has(name) || ofRoot.has(name)
    ? null
    : `${name} is not among the dependencies or devDependencies of ${sources.name}`;
};

const checks: readonly Check[] = [
  staysInside,
  leavesOwnIndexAlone,
  leavesTestsAlone,
  takesWhatIsBundled,
  keepsDirection,
  keepsOffNode,
  keepsFolderOrder,
  isDeclared,
];

/** Follows relative imports from an entry point, and refuses packages that it may not reach. */
const checkReach = ({ rule, sources }: Facts): Violation[] => {
  return Object.entries(rule.reach ?? {}).flatMap(([entry, allowed]) => {
    // A renamed entry point would otherwise reach nothing, and so break nothing.
    if (!sources.files.has(entry))
      return [
        {
          file: `${rule.folder}/package.json`,
          line: 1,
          message: `${sources.name} has no ${entry}; its rule in internal/import-rules/src/rules.ts names it`,
        },
      ];
    const reached = new Set([entry]);
    const violations: Violation[] = [];
    for (const file of reached)
      for (const site of sources.imports.filter((each) => each.file === file)) {
        if (isRelative(site.specifier)) reached.add(relativeTarget(site));
        else if (
          fromRegistryOrSibling(site.specifier) &&
          !allowed.includes(packageOf(site.specifier))
        )
          violations.push({
            file: `${rule.folder}/${file}`,
            line: site.line,
            message: `${entry} of ${sources.name} reaches ${packageOf(site.specifier)} here; it may reach ${allowed.length === 0 ? 'no package' : `only ${allowed.join(', ')}`}`,
          });
      }
    return violations;
  });
};

/** Siblings declared in package.json beyond the rule, imported or not. */
const checkDeclared = ({ rule, sources, own }: Facts): Violation[] =>
  [...sources.dependencies]
    .filter((name) => own.has(name) && !rule.siblings.includes(name))
    .map((name) => ({
      file: `${rule.folder}/package.json`,
      line: 1,
      message: `${sources.name} may not depend on ${name}`,
    }));

/**
 * Checks every import of every workspace against the allow-list, and finds workspaces without a rule.
 *
 * @param root folder of the repository
 */
export const checkImports = (
  root: string,
  rules: readonly PackageRule[] = packageRules,
  forTests: readonly string[] = testOnly,
): Violation[] => {
  const packages = workspaceFolders(root).map((folder) => readPackage(root, folder));
  const own = new Set(packages.map(({ name }) => name));
  return packages.flatMap((sources) => {
    const rule = rules.find(({ folder }) => folder === sources.folder);
    if (rule === undefined)
      return [
        {
          file: `${sources.folder}/package.json`,
          line: 1,
          message: `${sources.name} has no rule; add one to internal/import-rules/src/rules.ts`,
        },
      ];
    const facts: Facts = {
      rule,
      sources,
      own,
      rootDevDependencies: rootDevDependencies(root),
      testOnly: forTests,
    };
    const sites = sources.imports.flatMap((site) =>
      checks.flatMap((check): Violation[] => {
        const message = check(site, facts);
        return message === null
          ? []
          : [{ file: `${rule.folder}/${site.file}`, line: site.line, message }];
      }),
    );
    return [...sites, ...checkReach(facts), ...checkDeclared(facts)];
  });
};
