export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  public: {
    Tables: {
      application_events: {
        Row: {
          actor: string | null
          application_id: string
          happened_at: string
          id: number
          status: Database["public"]["Enums"]["application_status"]
        }
        Insert: {
          actor?: string | null
          application_id: string
          happened_at?: string
          id?: never
          status: Database["public"]["Enums"]["application_status"]
        }
        Update: {
          actor?: string | null
          application_id?: string
          happened_at?: string
          id?: never
          status?: Database["public"]["Enums"]["application_status"]
        }
        Relationships: [
          {
            foreignKeyName: "application_events_application_id_fkey"
            columns: ["application_id"]
            isOneToOne: false
            referencedRelation: "applications"
            referencedColumns: ["id"]
          },
        ]
      }
      applications: {
        Row: {
          candidate_agrees: boolean
          candidate_id: string
          company_agrees: boolean
          company_id: string
          created_at: string
          id: string
          note: string
          posting_id: string
          status: Database["public"]["Enums"]["application_status"]
          updated_at: string
        }
        Insert: {
          candidate_agrees?: boolean
          candidate_id: string
          company_agrees?: boolean
          company_id: string
          created_at?: string
          id?: string
          note?: string
          posting_id: string
          status?: Database["public"]["Enums"]["application_status"]
          updated_at?: string
        }
        Update: {
          candidate_agrees?: boolean
          candidate_id?: string
          company_agrees?: boolean
          company_id?: string
          created_at?: string
          id?: string
          note?: string
          posting_id?: string
          status?: Database["public"]["Enums"]["application_status"]
          updated_at?: string
        }
        Relationships: [
          {
            foreignKeyName: "applications_candidate_id_fkey"
            columns: ["candidate_id"]
            isOneToOne: false
            referencedRelation: "candidates"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "applications_posting_id_company_id_fkey"
            columns: ["posting_id", "company_id"]
            isOneToOne: false
            referencedRelation: "role_postings"
            referencedColumns: ["id", "company_id"]
          },
        ]
      }
      candidate_contacts: {
        Row: {
          candidate_id: string
          email: string
          full_name: string
          phone: string
        }
        Insert: {
          candidate_id: string
          email?: string
          full_name?: string
          phone?: string
        }
        Update: {
          candidate_id?: string
          email?: string
          full_name?: string
          phone?: string
        }
        Relationships: [
          {
            foreignKeyName: "candidate_contacts_candidate_id_fkey"
            columns: ["candidate_id"]
            isOneToOne: true
            referencedRelation: "candidates"
            referencedColumns: ["id"]
          },
        ]
      }
      candidate_skills: {
        Row: {
          candidate_id: string
          level: number
          skill_id: number
          years: number
        }
        Insert: {
          candidate_id: string
          level?: number
          skill_id: number
          years?: number
        }
        Update: {
          candidate_id?: string
          level?: number
          skill_id?: number
          years?: number
        }
        Relationships: [
          {
            foreignKeyName: "candidate_skills_candidate_id_fkey"
            columns: ["candidate_id"]
            isOneToOne: false
            referencedRelation: "candidates"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "candidate_skills_skill_id_fkey"
            columns: ["skill_id"]
            isOneToOne: false
            referencedRelation: "skills"
            referencedColumns: ["id"]
          },
        ]
      }
      candidates: {
        Row: {
          about: string
          city_id: number | null
          created_at: string
          display_name: string
          headline: string
          id: string
          is_fictional: boolean
          updated_at: string
          visible: boolean
          years: number
        }
        Insert: {
          about?: string
          city_id?: number | null
          created_at?: string
          display_name: string
          headline?: string
          id: string
          is_fictional?: boolean
          updated_at?: string
          visible?: boolean
          years?: number
        }
        Update: {
          about?: string
          city_id?: number | null
          created_at?: string
          display_name?: string
          headline?: string
          id?: string
          is_fictional?: boolean
          updated_at?: string
          visible?: boolean
          years?: number
        }
        Relationships: [
          {
            foreignKeyName: "candidates_city_id_fkey"
            columns: ["city_id"]
            isOneToOne: false
            referencedRelation: "cities"
            referencedColumns: ["id"]
          },
        ]
      }
      cities: {
        Row: {
          country: string
          id: number
          km_per_degree: number
          lat: number
          lon: number
          name: string
        }
        Insert: {
          country: string
          id: number
          km_per_degree: number
          lat: number
          lon: number
          name: string
        }
        Update: {
          country?: string
          id?: number
          km_per_degree?: number
          lat?: number
          lon?: number
          name?: string
        }
        Relationships: [
        ]
      }
      companies: {
        Row: {
          about: string
          city_id: number | null
          created_at: string
          domain: string
          id: string
          industry: string
          is_fictional: boolean
          name: string
          people: number
          slug: string
        }
        Insert: {
          about?: string
          city_id?: number | null
          created_at?: string
          domain: string
          id?: string
          industry?: string
          is_fictional?: boolean
          name: string
          people?: number
          slug: string
        }
        Update: {
          about?: string
          city_id?: number | null
          created_at?: string
          domain?: string
          id?: string
          industry?: string
          is_fictional?: boolean
          name?: string
          people?: number
          slug?: string
        }
        Relationships: [
          {
            foreignKeyName: "companies_city_id_fkey"
            columns: ["city_id"]
            isOneToOne: false
            referencedRelation: "cities"
            referencedColumns: ["id"]
          },
        ]
      }
      company_members: {
        Row: {
          company_id: string
          created_at: string
          display_name: string
          role: Database["public"]["Enums"]["company_role"]
          user_id: string
        }
        Insert: {
          company_id: string
          created_at?: string
          display_name?: string
          role: Database["public"]["Enums"]["company_role"]
          user_id: string
        }
        Update: {
          company_id?: string
          created_at?: string
          display_name?: string
          role?: Database["public"]["Enums"]["company_role"]
          user_id?: string
        }
        Relationships: [
          {
            foreignKeyName: "company_members_company_id_fkey"
            columns: ["company_id"]
            isOneToOne: false
            referencedRelation: "companies"
            referencedColumns: ["id"]
          },
        ]
      }
      occupation_skills: {
        Row: {
          occupation_id: number
          relation: Database["public"]["Enums"]["occupation_relation"]
          skill_id: number
        }
        Insert: {
          occupation_id: number
          relation: Database["public"]["Enums"]["occupation_relation"]
          skill_id: number
        }
        Update: {
          occupation_id?: number
          relation?: Database["public"]["Enums"]["occupation_relation"]
          skill_id?: number
        }
        Relationships: [
          {
            foreignKeyName: "occupation_skills_occupation_id_fkey"
            columns: ["occupation_id"]
            isOneToOne: false
            referencedRelation: "occupations"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "occupation_skills_skill_id_fkey"
            columns: ["skill_id"]
            isOneToOne: false
            referencedRelation: "skills"
            referencedColumns: ["id"]
          },
        ]
      }
      occupations: {
        Row: {
          id: number
          isco_code: string
          label: string
        }
        Insert: {
          id: number
          isco_code: string
          label: string
        }
        Update: {
          id?: number
          isco_code?: string
          label?: string
        }
        Relationships: [
        ]
      }
      role_postings: {
        Row: {
          city_id: number | null
          company_id: string
          created_at: string
          created_by: string | null
          id: string
          min_years: number
          occupation_id: number | null
          opened_at: string | null
          remote: boolean
          status: Database["public"]["Enums"]["posting_status"]
          summary: string
          title: string
        }
        Insert: {
          city_id?: number | null
          company_id: string
          created_at?: string
          created_by?: string | null
          id?: string
          min_years?: number
          occupation_id?: number | null
          opened_at?: string | null
          remote?: boolean
          status?: Database["public"]["Enums"]["posting_status"]
          summary?: string
          title: string
        }
        Update: {
          city_id?: number | null
          company_id?: string
          created_at?: string
          created_by?: string | null
          id?: string
          min_years?: number
          occupation_id?: number | null
          opened_at?: string | null
          remote?: boolean
          status?: Database["public"]["Enums"]["posting_status"]
          summary?: string
          title?: string
        }
        Relationships: [
          {
            foreignKeyName: "role_postings_city_id_fkey"
            columns: ["city_id"]
            isOneToOne: false
            referencedRelation: "cities"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "role_postings_company_id_fkey"
            columns: ["company_id"]
            isOneToOne: false
            referencedRelation: "companies"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "role_postings_occupation_id_fkey"
            columns: ["occupation_id"]
            isOneToOne: false
            referencedRelation: "occupations"
            referencedColumns: ["id"]
          },
        ]
      }
      role_salaries: {
        Row: {
          currency: string
          max_amount: number
          min_amount: number
          posting_id: string
        }
        Insert: {
          currency?: string
          max_amount: number
          min_amount: number
          posting_id: string
        }
        Update: {
          currency?: string
          max_amount?: number
          min_amount?: number
          posting_id?: string
        }
        Relationships: [
          {
            foreignKeyName: "role_salaries_posting_id_fkey"
            columns: ["posting_id"]
            isOneToOne: true
            referencedRelation: "role_postings"
            referencedColumns: ["id"]
          },
        ]
      }
      role_skills: {
        Row: {
          min_level: number
          need: Database["public"]["Enums"]["skill_need"]
          posting_id: string
          skill_id: number
          weight: number
        }
        Insert: {
          min_level?: number
          need?: Database["public"]["Enums"]["skill_need"]
          posting_id: string
          skill_id: number
          weight?: number
        }
        Update: {
          min_level?: number
          need?: Database["public"]["Enums"]["skill_need"]
          posting_id?: string
          skill_id?: number
          weight?: number
        }
        Relationships: [
          {
            foreignKeyName: "role_skills_posting_id_fkey"
            columns: ["posting_id"]
            isOneToOne: false
            referencedRelation: "role_postings"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "role_skills_skill_id_fkey"
            columns: ["skill_id"]
            isOneToOne: false
            referencedRelation: "skills"
            referencedColumns: ["id"]
          },
        ]
      }
      skill_groups: {
        Row: {
          code: string | null
          id: number
          label: string
        }
        Insert: {
          code?: string | null
          id: number
          label: string
        }
        Update: {
          code?: string | null
          id?: number
          label?: string
        }
        Relationships: [
        ]
      }
      skill_relations: {
        Row: {
          kind: Database["public"]["Enums"]["skill_relation_kind"]
          related_id: number
          skill_id: number
        }
        Insert: {
          kind: Database["public"]["Enums"]["skill_relation_kind"]
          related_id: number
          skill_id: number
        }
        Update: {
          kind?: Database["public"]["Enums"]["skill_relation_kind"]
          related_id?: number
          skill_id?: number
        }
        Relationships: [
          {
            foreignKeyName: "skill_relations_related_id_fkey"
            columns: ["related_id"]
            isOneToOne: false
            referencedRelation: "skills"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "skill_relations_skill_id_fkey"
            columns: ["skill_id"]
            isOneToOne: false
            referencedRelation: "skills"
            referencedColumns: ["id"]
          },
        ]
      }
      skills: {
        Row: {
          group_id: number | null
          id: number
          is_digital: boolean
          label: string
          type: Database["public"]["Enums"]["skill_type"]
        }
        Insert: {
          group_id?: number | null
          id: number
          is_digital?: boolean
          label: string
          type: Database["public"]["Enums"]["skill_type"]
        }
        Update: {
          group_id?: number | null
          id?: number
          is_digital?: boolean
          label?: string
          type?: Database["public"]["Enums"]["skill_type"]
        }
        Relationships: [
          {
            foreignKeyName: "skills_group_id_fkey"
            columns: ["group_id"]
            isOneToOne: false
            referencedRelation: "skill_groups"
            referencedColumns: ["id"]
          },
        ]
      }
    }
    Views: {
      company_directory: {
        Row: {
          about: string | null
          city: string | null
          country: string | null
          id: string | null
          industry: string | null
          is_fictional: boolean | null
          name: string | null
          open_roles: number | null
          people: number | null
          slug: string | null
        }
        Relationships: []
      }
    }
    Functions: {
      applied_to_us: {
        Args: { candidate: string }
        Returns: boolean
      }
      apply: {
        Args: { note?: string; role_id: string }
        Returns: string
      }
      contact_agreed: {
        Args: { candidate: string }
        Returns: boolean
      }
      create_company: {
        Args: { domain: string; name: string; slug: string }
        Returns: string
      }
      has_applied: {
        Args: { posting: string }
        Returns: boolean
      }
      has_company_role: {
        Args: { company: string; roles: string[] }
        Returns: boolean
      }
      is_member: {
        Args: { company: string }
        Returns: boolean
      }
      is_recruiting: {
        Args: never
        Returns: boolean
      }
      my_fit: {
        Args: { role_id: string }
        Returns: {
          gates: Json
          parts: Json
          score: number
          skills: Json
        }[]
      }
      shortlist: {
        Args: { role_id: string; top?: number }
        Returns: {
          application_id: string
          application_status: Database["public"]["Enums"]["application_status"]
          applied_at: string
          candidate_id: string
          city: string
          country: string
          display_name: string
          gates: Json
          headline: string
          parts: Json
          rank: number
          score: number
          skills: Json
          years: number
        }[]
      }
    }
    Enums: {
      application_status: "submitted" | "shortlisted" | "interview" | "offer" | "hired" | "rejected" | "withdrawn"
      company_role: "owner" | "recruiter" | "interviewer"
      occupation_relation: "essential" | "optional"
      posting_status: "draft" | "open" | "closed"
      skill_need: "must" | "nice"
      skill_relation_kind: "broader" | "related"
      skill_type: "skill" | "knowledge"
    }
    CompositeTypes: {
      [_ in never]: never
    }
  }
}
