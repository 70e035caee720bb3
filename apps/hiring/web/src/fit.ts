// The shape of what shortlist() and my_fit() explain, and the words for it.
import type { Enums } from './client';

export interface FitPart {
  part: 'must_have' | 'nice_to_have' | 'years' | 'place' | 'related';
  points: number;
  of: number;
  why: string;
}

export interface FitGate {
  gate: 'missing_must_have' | 'below_level' | 'fewer_years' | 'elsewhere';
  says: string;
}

export interface FitSkill {
  skill_id: number;
  skill: string;
  need: Enums<'skill_need'>;
  asked: number;
  has: number;
  weight: number;
  near: boolean;
}

export interface Fit {
  score: number;
  parts: FitPart[];
  gates: FitGate[];
  skills: FitSkill[];
}

export const partNames: Record<FitPart['part'], string> = {
  must_have: 'Must-have skills',
  nice_to_have: 'Nice-to-have skills',
  years: 'Years',
  place: 'Place',
  related: 'Related skills',
};

/** The rpc answers type their jsonb columns as Json; the migration that makes them fixes the shape above. */
export function asFit(row: { score: number; parts: unknown; gates: unknown; skills: unknown }): Fit {
  return {
    score: row.score,
    parts: row.parts as FitPart[],
    gates: row.gates as FitGate[],
    skills: row.skills as FitSkill[],
  };
}

export const levelNames = ['', 'Beginner', 'Basic', 'Working', 'Strong', 'Expert'] as const;

export const statusNames: Record<Enums<'application_status'>, string> = {
  submitted: 'Submitted',
  shortlisted: 'Shortlisted',
  interview: 'Interview',
  offer: 'Offer',
  hired: 'Hired',
  rejected: 'Not selected',
  withdrawn: 'Withdrawn',
};

/** The moves a recruiter may make from here; the database holds the same table and has the last word. */
export const nextSteps: Record<Enums<'application_status'>, Enums<'application_status'>[]> = {
  submitted: ['shortlisted', 'interview', 'rejected'],
  shortlisted: ['interview', 'rejected'],
  interview: ['offer', 'rejected'],
  offer: ['hired', 'rejected'],
  hired: [],
  rejected: [],
  withdrawn: [],
};

export const stepWords: Partial<Record<Enums<'application_status'>, string>> = {
  shortlisted: 'Shortlist',
  interview: 'Invite to interview',
  offer: 'Make an offer',
  hired: 'Mark as hired',
  rejected: 'Reject',
};
