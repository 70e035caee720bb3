// The promises of policies.sql once more, over HTTP with the stock client against a running server:
//   node --test tests/api.test.mjs      in apps/hiring, after `npm install` in web/
// TENON_URL and TENON_KEY say where; without them .tenon/dev.json of a running `tenon dev` does.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const { createClient } = createRequire(new URL('../web/package.json', import.meta.url))('@supabase/supabase-js');
const written = fileURLToPath(new URL('../.tenon/dev.json', import.meta.url));
const dev = existsSync(written) ? JSON.parse(readFileSync(written, 'utf8')) : {};
const url = process.env.TENON_URL ?? dev.url;
const key = process.env.TENON_KEY ?? dev.publishableKey;
assert.ok(url && key, 'no server: set TENON_URL and TENON_KEY, or run tenon dev');

const role = '00000000-0000-4000-8000-0000000000b1';
const acme = '00000000-0000-4000-8000-00000000ac3e';
const people = 2001;

// No test opens a websocket; the client only wants to know that there is one, which Node 20 lacks.
const realtime = { transport: globalThis.WebSocket ?? class {} };
const client = () => createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false }, realtime });
async function signedIn(email, password = 'tenon-dev') {
  const c = client();
  const { error } = await c.auth.signInWithPassword({ email, password });
  assert.equal(error, null, email);
  return c;
}
async function newCandidate() {
  const email = `c${crypto.randomUUID().slice(0, 8)}@example.test`;
  const c = client();
  const { data, error } = await c.auth.signUp({ email, password: 'long-enough', options: { data: { full_name: 'Tess Test' } } });
  assert.equal(error, null);
  return { c, id: data.user.id, email };
}
async function rows(ask) {
  const { data, error } = await ask;
  assert.equal(error, null, error?.message);
  return data;
}
async function refused(ask, code, words) {
  const { error } = await ask;
  assert.ok(error, 'not refused');
  assert.equal(error.code, code, error.message);
  if (words) assert.match(error.message, words);
}

test('a visitor reads open roles, companies and the taxonomy, and nothing else', async () => {
  const c = client();
  const open = await rows(c.from('role_postings').select('status'));
  assert.ok(open.length > 50 && open.every((r) => r.status === 'open'));
  const { count } = await c.from('skills').select('*', { count: 'exact', head: true });
  assert.equal(count, 13896);
  assert.equal((await rows(c.from('company_directory').select('open_roles'))).reduce((n, r) => n + r.open_roles, 0), open.length);
  for (const table of ['role_salaries', 'candidates', 'candidate_contacts', 'candidate_skills', 'applications', 'application_events', 'company_members']) {
    await refused(c.from(table).select('*').limit(1), '42501');
  }
  await refused(c.rpc('shortlist', { role_id: role }), '42501');
  await refused(c.rpc('my_fit', { role_id: role }), '42501');
  await refused(c.rpc('apply', { role_id: role }), '42501');
});

test('the parts add up to the score, for every row and for both sides', async () => {
  const recruiter = await signedIn('recruiter@acme.test');
  const list = await rows(recruiter.rpc('shortlist', { role_id: role, top: 200 }));
  assert.ok(list.length >= 200);
  for (const row of list) {
    const tenths = row.parts.reduce((sum, p) => sum + Math.round(p.points * 10), 0);
    assert.equal(tenths, Math.round(row.score * 10));
    assert.equal(row.parts.reduce((sum, p) => sum + p.of, 0), 100);
    const absent = row.skills.filter((s) => s.need === 'must' && s.has === 0).length;
    assert.equal(row.gates.filter((g) => g.gate === 'missing_must_have').length, absent);
  }
  const candidate = await signedIn('candidate@example.test');
  const [own] = await rows(candidate.rpc('my_fit', { role_id: role }));
  const theirs = list.find((r) => r.candidate_id === '00000000-0000-4000-8000-000000000005');
  assert.deepEqual({ score: own.score, parts: own.parts, gates: own.gates }, { score: theirs.score, parts: theirs.parts, gates: theirs.gates });
  assert.deepEqual(await rows(candidate.rpc('shortlist', { role_id: role })), []);
});

test('an application passes its states in order, and each side keeps to its own', async () => {
  const { c, id, email } = await newCandidate();
  const application = await rows(c.rpc('apply', { role_id: role, note: 'Hello' }));
  await refused(c.rpc('apply', { role_id: role }), '23505', /already applied/);
  await refused(c.from('applications').update({ status: 'hired' }).eq('id', application), '42501', /only withdraw/);
  await refused(c.from('applications').update({ company_agrees: true }).eq('id', application), '42501', /Only the company/);
  await rows(c.from('applications').update({ candidate_agrees: true }).eq('id', application));

  const interviewer = await signedIn('interviewer@acme.test');
  await rows(interviewer.from('applications').update({ status: 'interview' }).eq('id', application));
  assert.deepEqual(await rows(interviewer.from('applications').select('status').eq('id', application)), [{ status: 'submitted' }]);

  const recruiter = await signedIn('recruiter@acme.test');
  const move = (values) => recruiter.from('applications').update(values).eq('id', application);
  const contact = (who) => rows(who.from('candidates').select('id, candidate_contacts(email)').eq('id', id).single());
  await refused(move({ status: 'hired' }), '23514', /cannot go from submitted to hired/);
  await refused(move({ status: 'withdrawn' }), '42501', /Only the candidate/);
  assert.equal((await contact(recruiter)).candidate_contacts, null);
  await rows(move({ company_agrees: true }));
  assert.equal((await contact(recruiter)).candidate_contacts.email, email);
  assert.equal((await contact(interviewer)).candidate_contacts, null);
  for (const status of ['shortlisted', 'interview', 'offer', 'hired']) await rows(move({ status }));
  await refused(move({ status: 'rejected' }), '23514', /cannot go from hired/);

  const history = await rows(c.from('applications').select('application_events(status)').eq('id', application).single());
  assert.equal(history.application_events.length, 5);
  const rival = await signedIn('recruiter@brightfold.test');
  assert.deepEqual(await rows(rival.from('applications').select('id').eq('id', application)), []);
  assert.deepEqual(await rows(rival.from('candidate_contacts').select('email').eq('candidate_id', id)), []);
});

test('a salary is for owners and recruiters of the company', async () => {
  const salaries = async (email) => rows((await signedIn(email)).from('role_salaries').select('posting_id, posting:role_postings(company_id)'));
  const own = await salaries('recruiter@acme.test');
  assert.ok(own.length > 0 && own.every((s) => s.posting.company_id === acme));
  assert.ok((await salaries('recruiter@brightfold.test')).every((s) => s.posting.company_id !== acme));
  assert.deepEqual(await salaries('interviewer@acme.test'), []);
  assert.deepEqual(await salaries('candidate@example.test'), []);
});

test('a role is posted as a draft, opened once, and has its shortlist at once', async () => {
  const recruiter = await signedIn('recruiter@acme.test');
  const posting = (await rows(recruiter.from('role_postings').insert({ company_id: acme, title: 'Test role' }).select('*').single()));
  assert.equal(posting.status, 'draft');
  const [sql] = await rows(recruiter.from('skills').select('id').eq('label', 'SQL'));
  await rows(recruiter.from('role_skills').insert({ posting_id: posting.id, skill_id: sql.id }));
  await rows(recruiter.from('role_salaries').insert({ posting_id: posting.id, min_amount: 50000, max_amount: 60000.5 }));
  await refused(recruiter.from('role_salaries').update({ max_amount: 1 }).eq('posting_id', posting.id), '23514');

  const candidate = await signedIn('candidate@example.test');
  assert.deepEqual(await rows(candidate.from('role_postings').select('id').eq('id', posting.id)), []);
  await refused(candidate.rpc('apply', { role_id: posting.id }), 'P0001', /not open/);
  const rival = await signedIn('recruiter@brightfold.test');
  await refused(rival.from('role_postings').insert({ company_id: acme, title: 'Not yours' }), '42501');

  const setStatus = (status) => recruiter.from('role_postings').update({ status }).eq('id', posting.id);
  await rows(setStatus('open'));
  await refused(setStatus('draft'), '23514', /draft again/);
  assert.equal((await rows(recruiter.rpc('shortlist', { role_id: posting.id }))).length, 50);
  await rows(setStatus('closed'));
});

test('a recruiter finds visible candidates only, a candidate finds nobody else', async () => {
  const recruiter = await signedIn('recruiter@brightfold.test');
  const { count } = await recruiter.from('candidates').select('id', { count: 'exact', head: true });
  assert.ok(count > people * 0.7 && count < people);
  const { c, id } = await newCandidate();
  assert.deepEqual(await rows(c.from('candidates').select('id')), [{ id }]);
  await refused(c.from('candidates').update({ is_fictional: true }).eq('id', id), '42501');
});
