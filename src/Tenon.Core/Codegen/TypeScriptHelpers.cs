namespace Tenon.Core.Codegen;

/// <summary>The helper types behind Database: Tables, TablesInsert, TablesUpdate, Enums, CompositeTypes.</summary>
internal static class TypeScriptHelpers
{
    private const string Template = """
        type Schemas = Omit<Database, "__InternalSupabase">
        type Default = Schemas["DEFAULT_SCHEMA"]
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

        """;

    public static string Text(string defaultSchema) =>
        Template.Replace("DEFAULT_SCHEMA", defaultSchema, StringComparison.Ordinal).ReplaceLineEndings("\n");
}
