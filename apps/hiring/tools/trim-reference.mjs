// Makes seed/10_taxonomy.sql and seed/20_cities.sql out of the full data sets, which are not in the repository:
//   node tools/trim-reference.mjs ESCO_DIR CITIES_CSV
// ESCO_DIR holds the CSV files of ESCO v1.1.1 with integer ids, CITIES_CSV is country,name,lat,lng of GeoNames.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inserts } from './sql.mjs';

const seedDir = join(dirname(fileURLToPath(import.meta.url)), '..', 'seed');
const [escoDir, citiesCsv] = process.argv.slice(2);
if (!escoDir || !citiesCsv) {
  console.error('usage: node tools/trim-reference.mjs ESCO_DIR CITIES_CSV');
  process.exit(2);
}

/** RFC 4180, as far as the sources need it: quoted fields, doubled quotes, line breaks inside quotes. */
function parseCsv(text) {
  const rows = [];
  let row = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') (field += '"'), i++;
      else if (c === '"') quoted = false;
      else field += c;
    } else if (c === '"') quoted = true;
    else if (c === ',') row.push(field), (field = '');
    else if (c === '\n') row.push(field), rows.push(row), (row = []), (field = '');
    else if (c !== '\r') field += c;
  }
  if (field || row.length) row.push(field), rows.push(row);
  const [header, ...body] = rows;
  return body.map((r) => Object.fromEntries(header.map((name, i) => [name, r[i] ?? ''])));
}

const esco = (name) => parseCsv(readFileSync(join(escoDir, `${name}.csv`), 'utf8'));
const clean = (label) => label.replace(/\s+/g, ' ').trim();

function taxonomy() {
  const broader = esco('skill_broader');
  const groupOf = new Map();
  for (const r of broader) {
    if (r.child_kind === 's' && r.parent_kind === 'g' && !groupOf.has(r.child_id)) groupOf.set(r.child_id, +r.parent_id);
  }
  const groups = esco('skill_groups').map((g) => [+g.id, g.code || null, clean(g.label)]);
  const skills = esco('skills').map((s) => [
    +s.id, clean(s.label), s.type === 'k' ? 'knowledge' : 'skill', groupOf.get(s.id) ?? null, s.is_digital === '1',
  ]);

  const relations = new Map();
  for (const r of broader) {
    if (r.child_kind === 's' && r.parent_kind === 's') relations.set(`${r.child_id},${r.parent_id}`, 'broader');
  }
  for (const r of esco('skill_relations')) {
    const key = `${r.skill_id},${r.related_skill_id}`;
    if (!relations.has(key)) relations.set(key, 'related');
  }
  const relationRows = [...relations]
    .map(([key, kind]) => [...key.split(',').map(Number), kind])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);

  const occupations = esco('occupations');
  // Skills are kept for the occupations that an office or a software company hires for.
  const kept = ['25', '35', '24', '1212', '1221', '1223', '1330', '2166', '3313'];
  const keptIds = new Set(occupations.filter((o) => kept.some((p) => o.isco_group.startsWith(p))).map((o) => o.id));
  const occupationSkills = esco('occupation_skills')
    .filter((r) => keptIds.has(r.occupation_id))
    .map((r) => [+r.occupation_id, +r.skill_id, r.relation === 'e' ? 'essential' : 'optional']);

  return [
    '-- Made by tools/trim-reference.mjs from ESCO v1.1.1; do not edit.\n',
    '-- This service uses the ESCO classification of the European Commission.\n',
    '-- Trimmed: English preferred labels only; relations without their strength; skills of office occupations only.\n\n',
    inserts('skill_groups', ['id', 'code', 'label'], groups),
    inserts('skills', ['id', 'label', 'type', 'group_id', 'is_digital'], skills),
    inserts('skill_relations', ['skill_id', 'related_id', 'kind'], relationRows),
    inserts('occupations', ['id', 'label', 'isco_code'], occupations.map((o) => [+o.id, clean(o.label), o.code])),
    inserts('occupation_skills', ['occupation_id', 'skill_id', 'relation'], occupationSkills),
  ].join('');
}

const wholeCountries =
  'AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LT LU LV MT NL NO PL PT RO SE SI SK'.split(' ');
const elsewhere = `US:New York City,Los Angeles,Chicago,Houston,Phoenix,Philadelphia,San Antonio,San Diego,Dallas,Austin,
San Jose,San Francisco,Seattle,Denver,Boston,Nashville,Detroit,Atlanta,Miami,Minneapolis,Pittsburgh,New Orleans
CA:Toronto,Montréal,Vancouver,Calgary,Edmonton,Ottawa,Winnipeg,Québec,Halifax
IN:Mumbai,Delhi,Bengaluru,Hyderabad,Ahmedabad,Chennai,Kolkata,Pune,Jaipur,Surat,Kochi,Noida,Gurugram
BR:São Paulo,Rio de Janeiro,Brasília,Salvador,Fortaleza,Belo Horizonte,Curitiba,Recife,Porto Alegre
MX:Mexico City,Guadalajara,Monterrey,Puebla,Tijuana
AR:Buenos Aires,Córdoba,Rosario
CL:Santiago,Valparaíso
CO:Bogotá,Medellín,Cali
PE:Lima
UY:Montevideo
JP:Tokyo,Osaka,Nagoya,Sapporo,Fukuoka,Kyoto,Kobe
KR:Seoul,Busan,Incheon
CN:Shanghai,Beijing,Shenzhen,Guangzhou,Chengdu,Hangzhou,Wuhan
HK:Hong Kong
TW:Taipei
SG:Singapore
MY:Kuala Lumpur
TH:Bangkok
VN:Ho Chi Minh City,Hanoi
PH:Manila,Quezon City
ID:Jakarta,Surabaya,Bandung
AU:Sydney,Melbourne,Brisbane,Perth,Adelaide,Canberra
NZ:Auckland,Wellington,Christchurch
TR:Istanbul,Ankara,İzmir
UA:Kyiv,Lviv,Odesa,Kharkiv,Dnipro
IL:Tel Aviv,Jerusalem,Haifa
AE:Dubai,Abu Dhabi
SA:Riyadh,Jeddah
EG:Cairo,Alexandria
MA:Casablanca,Rabat
NG:Lagos,Abuja
KE:Nairobi
GH:Accra
ZA:Cape Town,Johannesburg,Durban,Pretoria
TN:Tunis
PK:Karachi,Lahore,Islamabad
BD:Dhaka
LK:Colombo
RS:Belgrade`;

function cities() {
  const wanted = new Map(
    elsewhere.replaceAll(',\n', ',').split('\n').map((line) => {
      const [country, names] = line.split(':');
      return [country, new Set(names.split(','))];
    }),
  );
  const seen = new Set();
  const rows = [];
  for (const r of parseCsv(readFileSync(citiesCsv, 'utf8'))) {
    const name = clean(r.name);
    const key = `${r.country}/${name}`;
    const keep = wholeCountries.includes(r.country) || wanted.get(r.country)?.has(name);
    if (!keep || seen.has(key)) continue;
    seen.add(key);
    const lat = Math.round(+r.lat * 1000) / 1000;
    const lon = Math.round(+r.lng * 1000) / 1000;
    const kmPerDegree = Math.round(111.32 * Math.cos((lat * Math.PI) / 180) * 100) / 100;
    rows.push([name, r.country, lat, lon, kmPerDegree]);
  }
  rows.sort((a, b) => (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : a[0] < b[0] ? -1 : 1));
  return [
    '-- Made by tools/trim-reference.mjs; do not edit. Source: GeoNames, geonames.org, CC BY 4.0.\n',
    '-- A selection of places of more than 15,000 people, coordinates rounded to three decimals.\n\n',
    inserts('cities', ['id', 'name', 'country', 'lat', 'lon', 'km_per_degree'], rows.map((r, i) => [i + 1, ...r])),
  ].join('');
}

writeFileSync(join(seedDir, '10_taxonomy.sql'), taxonomy());
writeFileSync(join(seedDir, '20_cities.sql'), cities());
