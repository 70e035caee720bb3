using System.Collections.Immutable;
using System.Text;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Codegen;

/// <summary>
/// The catalog as the TypeScript type <c>Database</c> that supabase-js takes: rows, inserts, updates and relationships of
/// every relation, functions, enums, and the helper types apps use. The same catalog gives the same text.
/// </summary>
internal sealed class TypeScript
{
    private readonly Catalog.Catalog catalog;
    private readonly ImmutableArray<string> schemas;
    private readonly StringBuilder text = new();
    private int depth;

    private TypeScript(Catalog.Catalog catalog, ImmutableArray<string> schemas)
    {
        this.catalog = catalog;
        this.schemas = schemas;
    }

    /// <summary>The file for these schemas, in this order.</summary>
    public static string Generate(Catalog.Catalog catalog, ImmutableArray<string> schemas)
    {
        var writer = new TypeScript(catalog, schemas);
        writer.File();
        return writer.text.ToString();
    }

    private void File()
    {
        Line("export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]");
        Line("");
        Open("export type Database = {");
        Open("__InternalSupabase: {");
        Line("PostgrestVersion: \"13.0\"");
        Close("}");
        foreach (string schema in schemas)
        {
            Open($"{Key(schema)}: {{");
            Relations(schema, "Tables", RelationKind.Table);
            Relations(schema, "Views", RelationKind.View);
            Functions(schema);
            Enums(schema);
            Empty("CompositeTypes");
            Close("}");
        }
        Close("}");
        text.Append('\n').Append(TypeScriptHelpers.Text(schemas[0]));
        Constants();
    }

    // ---- tables and views ----

    private void Relations(string schema, string title, RelationKind kind)
    {
        var tables = catalog.Tables.Values.Where(t => t.Kind == kind && t.Name.Source.Length == 0 && t.Name.Schema == schema).ToList();
        if (tables.Count == 0)
        {
            Empty(title);
            return;
        }
        Open($"{title}: {{");
        foreach (Table table in tables.OrderBy(t => t.Name.Name, StringComparer.Ordinal))
        {
            Open($"{Key(table.Name.Name)}: {{");
            var columns = table.Columns.OrderBy(c => c.Name, StringComparer.Ordinal).ToList();
            Members("Row", columns, c => $"{Key(c.Name)}: {TypeOf(c.Type)}{(c.NotNull && kind == RelationKind.Table ? "" : " | null")}");
            if (kind == RelationKind.Table)
            {
                Members("Insert", columns, InsertMember);
                Members("Update", columns, c => IsReadOnly(c) ? $"{Key(c.Name)}?: never" : $"{Key(c.Name)}?: {Nullable(c)}");
            }
            Relationships(table);
            Close("}");
        }
        Close("}");
    }

    private void Members(string title, List<Column> columns, Func<Column, string> member)
    {
        Open($"{title}: {{");
        foreach (Column column in columns)
        {
            Line(member(column));
        }
        Close("}");
    }

    private string InsertMember(Column column)
    {
        if (IsReadOnly(column))
        {
            return $"{Key(column.Name)}?: never";
        }
        string optional = column.HasDefault || !column.NotNull ? "?" : "";
        return $"{Key(column.Name)}{optional}: {Nullable(column)}";
    }

    private static bool IsReadOnly(Column column) => column.Generated is not null || column.Identity == IdentityKind.Always;

    private string Nullable(Column column) => TypeOf(column.Type) + (column.NotNull ? "" : " | null");

    private void Relationships(Table table)
    {
        if (table.ForeignKeys.IsEmpty)
        {
            Line("Relationships: []");
            return;
        }
        Open("Relationships: [");
        foreach (ForeignKey key in table.ForeignKeys.OrderBy(k => k.Name, StringComparer.Ordinal))
        {
            // A schema that is not exposed cannot be embedded, so its relations are not named.
            if (!schemas.Contains(key.Target.Schema))
            {
                continue;
            }
            Open("{");
            Line($"foreignKeyName: {Quote(key.Name)}");
            Line($"columns: [{string.Join(", ", key.Columns.Select(Quote))}]");
            Line($"isOneToOne: {(IsUnique(table, key.Columns) ? "true" : "false")}");
            Line($"referencedRelation: {Quote(key.Target.Name)}");
            Line($"referencedColumns: [{string.Join(", ", key.TargetColumns.Select(Quote))}]");
            Close("},");
        }
        Close("]");
    }

    private static bool IsUnique(Table table, ImmutableArray<string> columns)
    {
        bool Covers(ImmutableArray<string> key) => key.Length == columns.Length && key.All(c => columns.Contains(c));
        return (table.PrimaryKey is { } primary && Covers(primary.Columns)) || table.Uniques.Any(u => Covers(u.Columns));
    }

    // ---- functions, enums ----

    private void Functions(string schema)
    {
        var names = catalog.Routines
            .Where(r => r.Key.Source.Length == 0 && r.Key.Schema == schema)
            .Select(r => (r.Key.Name, Overloads: r.Value.Where(o => o.Result.Kind != TypeKind.Trigger).ToList()))
            .Where(r => r.Overloads.Count > 0)
            .OrderBy(r => r.Name, StringComparer.Ordinal)
            .ToList();
        if (names.Count == 0)
        {
            Empty("Functions");
            return;
        }
        Open("Functions: {");
        foreach ((string name, List<Routine> overloads) in names)
        {
            Line($"{Key(name)}:");
            depth++;
            foreach (Routine overload in overloads)
            {
                Function(overload);
            }
            depth--;
        }
        Close("}");
    }

    private void Function(Routine routine)
    {
        Open("| {");
        if (routine.Parameters.IsEmpty)
        {
            Line("Args: never");
        }
        else
        {
            Open("Args: {");
            foreach (RoutineParameter parameter in routine.Parameters.Where(p => p.Name.Length > 0).OrderBy(p => p.Name, StringComparer.Ordinal))
            {
                Line($"{Key(parameter.Name)}{(parameter.Default is null ? "" : "?")}: {TypeOf(parameter.Type)}");
            }
            Close("}");
        }
        Line($"Returns: {ResultOf(routine)}{(routine.ReturnsSet ? "[]" : "")}");
        if (routine.Result.RowOf is { } row && catalog.Find(row) is not null)
        {
            Open("SetofOptions: {");
            Line("from: \"*\"");
            Line($"to: {Quote(row.Name)}");
            Line($"isOneToOne: {(routine.ReturnsSet ? "false" : "true")}");
            Line($"isSetofReturn: {(routine.ReturnsSet ? "true" : "false")}");
            Close("}");
        }
        Close("}");
    }

    private string ResultOf(Routine routine) =>
        routine.ResultName is not null && routine.Result.Kind != TypeKind.Record ? ObjectOf([routine.ValueField])
        : routine.ResultColumns.IsEmpty ? TypeOf(routine.Result)
        : ObjectOf(routine.ResultColumns);

    private string ObjectOf(ImmutableArray<RowField> fields) =>
        "{ " + string.Join("; ", fields.OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => $"{Key(f.Name)}: {TypeOf(f.Type)}")) + " }";

    private List<EnumType> EnumsOf(string schema) =>
        [
            .. catalog.Enums.Values.Where(e => e.Name.Source.Length == 0 && e.Name.Schema == schema)
                .OrderBy(e => e.Name.Name, StringComparer.Ordinal),
        ];

    private void Enums(string schema)
    {
        var enums = EnumsOf(schema);
        if (enums.Count == 0)
        {
            Empty("Enums");
            return;
        }
        Open("Enums: {");
        foreach (EnumType type in enums)
        {
            Line($"{Key(type.Name.Name)}: {string.Join(" | ", type.Labels.Select(Quote))}");
        }
        Close("}");
    }

    private void Constants()
    {
        Line("");
        Open("export const Constants = {");
        foreach (string schema in schemas)
        {
            Open($"{Key(schema)}: {{");
            Open("Enums: {");
            foreach (EnumType type in EnumsOf(schema))
            {
                Line($"{Key(type.Name.Name)}: [{string.Join(", ", type.Labels.Select(Quote))}],");
            }
            Close("},");
            Close("},");
        }
        Close("} as const");
    }

    // ---- types and text ----

    private string TypeOf(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Boolean => "boolean",
            _ when type.IsNumber => "number",
            TypeKind.Json or TypeKind.Jsonb => "Json",
            TypeKind.Array => type.Element!.Kind is TypeKind.Enum or TypeKind.Record ? $"({TypeOf(type.Element)})[]" : TypeOf(type.Element) + "[]",
            TypeKind.Enum => EnumReference(type.Enum!),
            TypeKind.Record => RecordReference(type),
            TypeKind.Void => "undefined",
            TypeKind.Interval or TypeKind.TsVector or TypeKind.TsQuery or TypeKind.RegConfig => "unknown",
            _ => "string",
        };

    private string EnumReference(EnumType type) =>
        schemas.Contains(type.Name.Schema)
            ? $"Database[{Quote(type.Name.Schema)}][\"Enums\"][{Quote(type.Name.Name)}]"
            : string.Join(" | ", type.Labels.Select(Quote));

    private string RecordReference(LogicalType type)
    {
        if (type.RowOf is { } row && schemas.Contains(row.Schema) && catalog.Find(row) is { } table)
        {
            string kind = table.Kind == RelationKind.View ? "Views" : "Tables";
            return $"Database[{Quote(row.Schema)}][\"{kind}\"][{Quote(row.Name)}][\"Row\"]";
        }
        return type.Fields.IsEmpty ? "Record<string, unknown>" : ObjectOf(type.Fields);
    }

    private void Empty(string title)
    {
        Open($"{title}: {{");
        Line("[_ in never]: never");
        Close("}");
    }

    private void Open(string line)
    {
        Line(line);
        depth++;
    }

    private void Close(string line)
    {
        depth--;
        Line(line);
    }

    private void Line(string line) => text.Append(line.Length == 0 ? "" : new string(' ', depth * 2)).Append(line).Append('\n');

    private static string Quote(string value) => System.Text.Json.JsonSerializer.Serialize(value, Relaxed);

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A member's name, quoted where it is no identifier.</summary>
    private static string Key(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$') ? name : Quote(name);
}
