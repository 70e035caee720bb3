export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  __InternalSupabase: {
    PostgrestVersion: "13.0"
  }
  public: {
    Tables: {
      orgs: {
        Row: {
          id: string
          name: string
          "odd name": number | null
        }
        Insert: {
          id?: string
          name: string
          "odd name"?: number | null
        }
        Update: {
          id?: string
          name?: string
          "odd name"?: number | null
        }
        Relationships: []
      }
      settings: {
        Row: {
          org_id: string
          theme: string | null
        }
        Insert: {
          org_id: string
          theme?: string | null
        }
        Update: {
          org_id?: string
          theme?: string | null
        }
        Relationships: [
          {
            foreignKeyName: "settings_org_id_fkey"
            columns: ["org_id"]
            isOneToOne: true
            referencedRelation: "orgs"
            referencedColumns: ["id"]
          },
        ]
      }
      todos: {
        Row: {
          done: boolean
          due: string | null
          id: number
          meta: Json | null
          mood: Database["public"]["Enums"]["mood"]
          moods: (Database["public"]["Enums"]["mood"])[] | null
          org_id: string
          price: number | null
          raw: string | null
          size: number | null
          tags: string[] | null
          title: string
          took: unknown | null
        }
        Insert: {
          done?: boolean
          due?: string | null
          id?: never
          meta?: Json | null
          mood?: Database["public"]["Enums"]["mood"]
          moods?: (Database["public"]["Enums"]["mood"])[] | null
          org_id: string
          price?: number | null
          raw?: string | null
          size?: never
          tags?: string[] | null
          title: string
          took?: unknown | null
        }
        Update: {
          done?: boolean
          due?: string | null
          id?: never
          meta?: Json | null
          mood?: Database["public"]["Enums"]["mood"]
          moods?: (Database["public"]["Enums"]["mood"])[] | null
          org_id?: string
          price?: number | null
          raw?: string | null
          size?: never
          tags?: string[] | null
          title?: string
          took?: unknown | null
        }
        Relationships: [
          {
            foreignKeyName: "todos_org_id_fkey"
            columns: ["org_id"]
            isOneToOne: false
            referencedRelation: "orgs"
            referencedColumns: ["id"]
          },
        ]
      }
    }
    Views: {
      open_todos: {
        Row: {
          id: number | null
          title: string | null
        }
        Relationships: []
      }
    }
    Functions: {
      add:
        | {
          Args: {
            a: number
            b?: number
          }
          Returns: number
        }
      label:
        | {
          Args: {
            a: number
          }
          Returns: string
        }
        | {
          Args: {
            a: string
          }
          Returns: string
        }
      mine:
        | {
          Args: never
          Returns: Database["public"]["Tables"]["todos"]["Row"][]
          SetofOptions: {
            from: "*"
            to: "todos"
            isOneToOne: false
            isSetofReturn: true
          }
        }
      ping:
        | {
          Args: never
          Returns: undefined
        }
      top:
        | {
          Args: {
            n: number
          }
          Returns: { id: number; price: number }[]
        }
    }
    Enums: {
      mood: "sad" | "it's \"ok\""
    }
    CompositeTypes: {
      [_ in never]: never
    }
  }
}

type Schemas = Omit<Database, "__InternalSupabase">
type Default = Schemas["public"]
type InSchema = { schema: keyof Schemas }
type At<T, K> = K extends keyof T ? T[K] : never
type Relations<S> = At<S, "Tables"> & At<S, "Views">
type Part<P, N, K extends string> = N extends InSchema ? keyof At<Schemas[N["schema"]], K> : P
type Find<N, M, K extends string> = N extends InSchema ? At<At<Schemas[N["schema"]], K>, M> : At<At<Default, K>, N>

export type Tables<
  Name extends keyof Relations<Default> | InSchema,
  Of extends Name extends InSchema ? keyof Relations<Schemas[Name["schema"]]> : never = never,
> = (Name extends InSchema ? At<Relations<Schemas[Name["schema"]]>, Of> : At<Relations<Default>, Name>) extends { Row: infer R }
  ? R
  : never

export type TablesInsert<
  Name extends keyof Default["Tables"] | InSchema,
  Of extends Part<never, Name, "Tables"> = never,
> = Find<Name, Of, "Tables"> extends { Insert: infer I } ? I : never

export type TablesUpdate<
  Name extends keyof Default["Tables"] | InSchema,
  Of extends Part<never, Name, "Tables"> = never,
> = Find<Name, Of, "Tables"> extends { Update: infer U } ? U : never

export type Enums<
  Name extends keyof Default["Enums"] | InSchema,
  Of extends Part<never, Name, "Enums"> = never,
> = Find<Name, Of, "Enums">

export type CompositeTypes<
  Name extends keyof Default["CompositeTypes"] | InSchema,
  Of extends Part<never, Name, "CompositeTypes"> = never,
> = Find<Name, Of, "CompositeTypes">

export const Constants = {
  public: {
    Enums: {
      mood: ["sad", "it's \"ok\""],
    },
  },
} as const
