// Makes seed/30_companies.sql, 40_candidates.sql and 50_applications.sql: fictional companies, people and
// applications, the same on every run. The reference data (seed/10, seed/20) is read, not written.
//   node tools/generate.mjs           writes the files
//   node tools/generate.mjs --check   fails when the committed files differ from what it would write
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { archetypes } from './archetypes.mjs';
import { companyNames, hubs, industries, notes } from './companies.mjs';
import { Random } from './random.mjs';
import { inserts } from './sql.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const seedDir = join(here, '..', 'seed');
const counts = { candidates: 2000, roles: 120, applications: 3000 };
const today = Date.UTC(2026, 10, 20, 9);
const random = new Random(20261102);
const names = JSON.parse(readFileSync(join(here, 'names.json'), 'utf8'));

/** label -> id of the rows of one table in a seed file. */
function labels(file, table) {
  const map = new Map();
  let inside = false;
  for (const line of readFileSync(join(seedDir, file), 'utf8').split('\n')) {
    if (line.startsWith('insert into ')) inside = line.startsWith(`insert into ${table} `);
    const row = inside && /^\((\d+),'((?:[^']|'')*)'(?:,'([A-Z]{2})')?/.exec(line);
    if (row) map.set(row[3] ? `${row[3]}/${row[2]}` : row[2].replaceAll("''", "'"), +row[1]);
  }
  return map;
}
const skills = labels('10_taxonomy.sql', 'skills');
const occupations = labels('10_taxonomy.sql', 'occupations');
const cities = labels('20_cities.sql', 'cities');
const cityIds = [...cities.values()];
function idOf(map, label) {
  if (!map.has(label)) throw new Error(`not in the reference data: ${label}`);
  return map.get(label);
}
const hubIds = hubs.map((hub) => idOf(cities, hub));
const daysAgo = (days) => new Date(today - Math.round(days * 86_400_000)).toISOString().replace('.000Z', 'Z');
const banner = '-- Made by tools/generate.mjs; do not edit. Every company and person here is fictional.\n\n';

/** Skills of one person or posting: most of the core, some tools, seldom a soft one; level from years. */
function pickSkills(kind, { core, tools, softs, years, spread }) {
  const picked = new Map();
  const add = (label) => picked.set(idOf(skills, label), random.level(years, spread));
  random.sample(kind.core, core).forEach(add);
  random.sample(kind.tools, tools).forEach(add);
  random.sample(kind.soft, softs).forEach(add);
  return picked;
}

function makeCompanies() {
  return companyNames.map((name, i) => {
    const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    const industry = industries[i % industries.length];
    return {
      id: i === 0 ? '00000000-0000-4000-8000-00000000ac3e' : random.uuid(),
      slug, name, industry: industry.name, city: hubIds[i % hubIds.length],
      domain: `${slug}.example`, people: random.int(8, 900), about: `${name} ${industry.about} (A fictional company.)`,
    };
  });
}

function makeRoles(companies) {
  const roles = [];
  for (let i = 0; i < counts.roles; i++) {
    // The first company is the one the demo accounts belong to: it always has the first three kinds of role.
    const company = i < 5 ? companies[0] : companies[1 + ((i - 5) % (companies.length - 1))];
    const kind = i < 5 ? archetypes[i % archetypes.length] : random.weighted(archetypes);
    const minYears = random.pick([0, 1, 2, 2, 3, 3, 4, 5, 5, 8]);
    const senior = minYears >= 5 ? 'Senior ' : minYears === 0 ? 'Junior ' : '';
    const base = random.pick(kind.titles);
    const status = i < 4 ? 'open' : random.pick(['open', 'open', 'open', 'open', 'open', 'open', 'open', 'closed', 'closed', 'draft']);
    const remote = random.chance(0.35);
    const asked = [...pickSkills(kind, { core: random.int(2, 3), tools: random.int(2, 4), softs: random.int(0, 1), years: minYears + 1, spread: 1 })];
    const low = Math.round((kind.salary * (1 + minYears * 0.06) * (0.9 + random.next() * 0.25)) / 500) * 500;
    roles.push({
      id: i === 0 ? '00000000-0000-4000-8000-0000000000b1' : random.uuid(),
      company, kind, minYears, status, remote,
      title: senior && base.startsWith('Senior') ? base : senior + base,
      city: remote && random.chance(0.5) ? null : random.chance(0.8) ? company.city : random.pick(hubIds),
      openedAt: status === 'draft' ? null : daysAgo(1 + random.next() * 60),
      salary: [low, Math.round((low * (1.12 + random.next() * 0.2)) / 500) * 500],
      asked: asked.map(([skill, level], n) => ({
        skill, level, need: n < 2 || (n < 4 && random.chance(0.4)) ? 'must' : 'nice', weight: n === 0 ? 3 : random.int(1, 2),
      })),
      summary: `${kind.line} ${random.pick(notes.team)} ${random.pick(notes.offer)}`,
    });
  }
  return roles;
}

function makeCandidates() {
  const people = [];
  for (let i = 0; i < counts.candidates; i++) {
    const first = random.pick(names.first);
    const last = random.pick(names.last);
    const kind = random.weighted(archetypes);
    const years = Math.floor(random.next() ** 1.6 * 22);
    const address = `${first}.${last}.${i + 1}`.normalize('NFD').replace(/[^A-Za-z0-9.]/g, '').toLowerCase();
    people.push({
      id: random.uuid(), kind, years, email: `${address}@people.example`,
      fullName: `${first} ${last}`, shown: `${first} ${last[0]}.`,
      city: random.chance(0.7) ? random.pick(hubIds) : random.pick(cityIds),
      headline: `${years >= 8 ? 'Senior ' : ''}${random.pick(kind.titles).replace(/^Senior /, '')}, ${random.pick(notes.headline)}`,
      visible: random.chance(0.85),
      skills: pickSkills(kind, { core: random.int(2, 4), tools: random.int(2, 5), softs: random.int(0, 2), years, spread: 2 }),
    });
  }
  return people;
}

const paths = [
  ['submitted'], ['submitted'], ['submitted'], ['submitted', 'shortlisted'], ['submitted', 'shortlisted', 'interview'],
  ['submitted', 'shortlisted', 'interview', 'offer'], ['submitted', 'rejected'], ['submitted', 'interview', 'rejected'],
  ['submitted', 'withdrawn'], ['submitted', 'shortlisted', 'interview', 'offer', 'hired'],
];

function makeApplications(roles, people) {
  const posted = roles.filter((r) => r.status !== 'draft');
  const taken = new Set();
  const rows = [];
  while (rows.length < counts.applications) {
    const role = random.pick(posted);
    const person = random.pick(people);
    const key = `${role.id}${person.id}`;
    // Most people apply where they have the trade; a few try their luck.
    if (taken.has(key) || (person.kind !== role.kind && !random.chance(0.03))) continue;
    taken.add(key);
    const status = random.pick(paths).at(-1);
    const late = ['interview', 'offer', 'hired'].includes(status);
    rows.push([
      role.id, role.company.id, person.id, status,
      random.chance(0.3) ? random.pick(notes.application) : '',
      late || random.chance(0.4), late && random.chance(0.8), daysAgo(random.next() * 20),
    ]);
  }
  return rows;
}

const companies = makeCompanies();
const roles = makeRoles(companies);
const people = makeCandidates();
const applications = makeApplications(roles, people);

const files = {
  '30_companies.sql': [
    banner,
    inserts('companies', ['id', 'slug', 'name', 'domain', 'about', 'industry', 'city_id', 'people', 'is_fictional'],
      companies.map((c) => [c.id, c.slug, c.name, c.domain, c.about, c.industry, c.city, c.people, true])),
    inserts('role_postings',
      ['id', 'company_id', 'title', 'summary', 'occupation_id', 'city_id', 'remote', 'status', 'min_years', 'opened_at'],
      roles.map((r) => [r.id, r.company.id, r.title, r.summary, idOf(occupations, r.kind.occupation), r.city, r.remote,
        r.status, r.minYears, r.openedAt])),
    inserts('role_salaries', ['posting_id', 'min_amount', 'max_amount'], roles.map((r) => [r.id, ...r.salary])),
    inserts('role_skills', ['posting_id', 'skill_id', 'need', 'min_level', 'weight'],
      roles.flatMap((r) => r.asked.map((a) => [r.id, a.skill, a.need, a.level, a.weight]))),
  ],
  '40_candidates.sql': [
    banner,
    '-- They have no password: nobody can sign in as one of them. The sign-up trigger makes their profiles.\n',
    inserts('auth.users', ['id', 'email', 'raw_user_meta_data'],
      people.map((p) => [p.id, p.email, JSON.stringify({ full_name: p.fullName, display_name: p.shown })])),
    inserts('candidates', ['id', 'display_name', 'headline', 'city_id', 'years', 'visible', 'is_fictional'],
      people.map((p) => [p.id, p.shown, p.headline, p.city, p.years, p.visible, true]), {
        tail: 'on conflict (id) do update set headline = excluded.headline, city_id = excluded.city_id, years = excluded.years, '
          + 'visible = excluded.visible, is_fictional = excluded.is_fictional',
      }),
    inserts('candidate_skills', ['candidate_id', 'skill_id', 'level', 'years'],
      people.flatMap((p) => [...p.skills].map(([skill, level]) => [p.id, skill, level, Math.min(p.years, level * 2)]))),
  ],
  '50_applications.sql': [
    banner,
    inserts('applications',
      ['posting_id', 'company_id', 'candidate_id', 'status', 'note', 'candidate_agrees', 'company_agrees', 'created_at'],
      applications),
  ],
};

let stale = 0;
for (const [name, parts] of Object.entries(files)) {
  const path = join(seedDir, name);
  const text = parts.join('');
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`${name} is not what tools/generate.mjs makes: run it and commit the result`);
    stale++;
  }
}
console.log(`${companies.length} companies, ${roles.length} roles, ${people.length} candidates, ${applications.length} applications`);
process.exit(stale ? 1 : 0);
