using System.Text.Json;
using Tenon.Core.Catalog;
using Tenon.Core.Types;

namespace Tenon.Core.Codegen;

/// <summary>The definitions of an OpenAPI document: one object per relation, its columns with type, format and keys.</summary>
internal sealed class OpenApiSchemas(Catalog.Catalog catalog, OpenApiView view, Utf8JsonWriter json)
{
    public void Write()
    {
        json.WriteStartObject("definitions");
        foreach (Table table in view.Tables)
        {
            json.WriteStartObject(table.Name.Name);
            if (table.Comment is { } comment)
            {
                json.WriteString("description", comment);
            }
            Column[] columns = [.. view.Columns(table)];
            Required(json, columns.Where(c => c.NotNull).Select(c => c.Name));
            json.WriteStartObject("properties");
            foreach (Column column in columns)
            {
                Property(table, column);
            }
            json.WriteEndObject();
            json.WriteString("type", "object");
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private void Property(Table table, Column column)
    {
        json.WriteStartObject(column.Name);
        TypeOf(json, column.Type);
        if (column.Type.Kind == TypeKind.Varchar && column.Type.Length is { } length)
        {
            json.WriteNumber("maxLength", length);
        }
        if (DescriptionOf(table, column) is { } description)
        {
            json.WriteString("description", description);
        }
        json.WriteEndObject();
    }

    // Clients read keys and references out of these notes.
    private string? DescriptionOf(Table table, Column column)
    {
        var notes = new List<string>();
        if (table.PrimaryKey?.Columns.Contains(column.Name) == true)
        {
            notes.Add("This is a Primary Key.<pk/>");
        }
        if (table.ForeignKeys.FirstOrDefault(k => k.Columns is [var only] && only == column.Name) is { } key && IsVisible(key))
        {
            string target = key.Target.Name;
            string targetColumn = key.TargetColumns[0];
            notes.Add($"This is a Foreign Key to `{target}.{targetColumn}`.<fk table='{target}' column='{targetColumn}'/>");
        }
        if (notes.Count == 0)
        {
            return column.Comment;
        }
        string note = "Note:\n" + string.Join('\n', notes);
        return column.Comment is null ? note : $"{column.Comment}\n\n{note}";
    }

    private bool IsVisible(ForeignKey key) =>
        view.Tables.Any(t => t.Name == key.Target)
        && catalog.Find(key.Target) is { } target
        && view.Columns(target).Any(c => c.Name == key.TargetColumns[0]);

    public static void Required(Utf8JsonWriter json, IEnumerable<string> names)
    {
        string[] all = [.. names];
        if (all.Length == 0)
        {
            return;
        }
        json.WriteStartArray("required");
        foreach (string name in all)
        {
            json.WriteStringValue(name);
        }
        json.WriteEndArray();
    }

    /// <summary>format is PostgreSQL's name; json may be anything, so it has no type.</summary>
    public static void TypeOf(Utf8JsonWriter json, LogicalType type)
    {
        json.WriteString("format", type.SqlName);
        if (type.IsJson)
        {
            return;
        }
        json.WriteString("type", JsonTypeOf(type));
        if (type.Kind == TypeKind.Array)
        {
            json.WriteStartObject("items");
            if (!type.Element!.IsJson)
            {
                json.WriteString("type", JsonTypeOf(type.Element));
            }
            json.WriteEndObject();
        }
        if (type.Kind == TypeKind.Enum)
        {
            json.WriteStartArray("enum");
            foreach (string label in type.Enum!.Labels)
            {
                json.WriteStringValue(label);
            }
            json.WriteEndArray();
        }
    }

    /// <summary>A parameter in the address: arrays and json are written as text there.</summary>
    public static string QueryTypeOf(LogicalType type) =>
        type.IsJson || type.Kind is TypeKind.Array or TypeKind.Record ? "string" : JsonTypeOf(type);

    private static string JsonTypeOf(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Boolean => "boolean",
            TypeKind.Array => "array",
            TypeKind.Record => "object",
            _ when type.IsInteger => "integer",
            _ when type.IsNumber => "number",
            _ => "string",
        };
}
