using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Types;

namespace Tenon.Core.Codegen;

/// <summary>
/// A schema as an OpenAPI 2 document in the form PostgREST gives it: a path per relation and function, a definition per
/// relation, parameters shared. Of what the role may not use nothing is named. The same catalog gives the same bytes.
/// </summary>
internal sealed class OpenApi
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = false };

    private readonly Catalog.Catalog catalog;
    private readonly OpenApiView view;
    private readonly Utf8JsonWriter json;

    private OpenApi(Catalog.Catalog catalog, OpenApiView view, Utf8JsonWriter json)
    {
        this.catalog = catalog;
        this.view = view;
        this.json = json;
    }

    /// <summary>What this role sees of a schema; null for all there is.</summary>
    public static byte[] Generate(Catalog.Catalog catalog, string schema, RoleName? role, string basePath)
    {
        var bytes = new ArrayBufferWriter<byte>(1 << 14);
        using (var json = new Utf8JsonWriter(bytes, Plain))
        {
            new OpenApi(catalog, new OpenApiView(catalog, schema, role), json).Document(schema, basePath);
        }
        return bytes.WrittenSpan.ToArray();
    }

    private void Document(string schema, string basePath)
    {
        json.WriteStartObject();
        json.WriteString("swagger", "2.0");
        json.WriteStartObject("info");
        json.WriteString("title", $"{schema} schema");
        json.WriteString("description", "Tables, views and functions that the caller may use");
        json.WriteString("version", typeof(OpenApi).Assembly.GetName().Version?.ToString(3) ?? "0");
        json.WriteEndObject();
        json.WriteString("basePath", basePath);
        MediaTypes("consumes", "application/json", "application/vnd.pgrst.object+json;nulls=stripped", "application/vnd.pgrst.object+json", "text/csv");
        MediaTypes("produces", "application/json", "application/vnd.pgrst.object+json;nulls=stripped", "application/vnd.pgrst.object+json", "text/csv");
        Paths();
        new OpenApiSchemas(catalog, view, json).Write();
        Parameters();
        json.WriteEndObject();
    }

    private void MediaTypes(string name, params ReadOnlySpan<string> types)
    {
        json.WriteStartArray(name);
        foreach (string type in types)
        {
            json.WriteStringValue(type);
        }
        json.WriteEndArray();
    }

    // ---- paths ----

    private void Paths()
    {
        json.WriteStartObject("paths");
        json.WriteStartObject("/");
        json.WriteStartObject("get");
        Tag("Introspection");
        json.WriteString("summary", "OpenAPI description (this document)");
        MediaTypes("produces", "application/openapi+json", "application/json");
        Responses("200", "OK");
        json.WriteEndObject();
        json.WriteEndObject();
        foreach (Table table in view.Tables)
        {
            Relation(table);
        }
        foreach (Routine routine in view.Routines)
        {
            Function(routine);
        }
        json.WriteEndObject();
    }

    private void Relation(Table table)
    {
        json.WriteStartObject("/" + table.Name.Name);
        if (view.May(table, Privileges.Select))
        {
            Operation(table, "get", ["select", "order", "range", "rangeUnit", "offset", "limit", "preferCount"], filters: true, rows: true);
        }
        string body = "body." + table.Name.Name;
        if (view.May(table, Privileges.Insert))
        {
            Operation(table, "post", [body, "select", "preferPost"], filters: false, rows: false);
        }
        if (view.May(table, Privileges.Update))
        {
            Operation(table, "patch", [body, "preferReturn"], filters: true, rows: false);
        }
        if (view.May(table, Privileges.Delete))
        {
            Operation(table, "delete", ["preferReturn"], filters: true, rows: false);
        }
        json.WriteEndObject();
    }

    private void Operation(Table table, string method, string[] parameters, bool filters, bool rows)
    {
        json.WriteStartObject(method);
        Tag(table.Name.Name);
        Described(table.Comment);
        json.WriteStartArray("parameters");
        foreach (Column column in filters ? view.Columns(table, Privileges.Select) : [])
        {
            Reference("#/parameters/", $"rowFilter.{table.Name.Name}.{column.Name}");
        }
        foreach (string parameter in parameters)
        {
            Reference("#/parameters/", parameter);
        }
        json.WriteEndArray();
        if (rows)
        {
            Rows(table);
        }
        else
        {
            Responses(method == "post" ? "201" : "204", method == "post" ? "Created" : "No Content");
        }
        json.WriteEndObject();
    }

    private void Rows(Table table)
    {
        json.WriteStartObject("responses");
        json.WriteStartObject("200");
        json.WriteString("description", "OK");
        json.WriteStartObject("schema");
        json.WriteString("type", "array");
        json.WritePropertyName("items");
        Reference("#/definitions/", table.Name.Name);
        json.WriteEndObject();
        json.WriteEndObject();
        Response("206", "Partial Content");
        json.WriteEndObject();
    }

    private void Function(Routine routine)
    {
        json.WriteStartObject("/rpc/" + routine.Name.Name);
        if (routine.Volatility != Volatility.Volatile)
        {
            FunctionOperation(routine, "get");
        }
        FunctionOperation(routine, "post");
        json.WriteEndObject();
    }

    private void FunctionOperation(Routine routine, string method)
    {
        json.WriteStartObject(method);
        Tag("(rpc) " + routine.Name.Name);
        Described(routine.Comment);
        MediaTypes("produces", "application/json", "application/vnd.pgrst.object+json;nulls=stripped", "application/vnd.pgrst.object+json");
        json.WriteStartArray("parameters");
        if (method == "get")
        {
            foreach (RoutineParameter parameter in routine.Parameters.Where(p => p.Name.Length > 0))
            {
                Argument(parameter);
            }
        }
        else
        {
            ArgumentsBody(routine);
        }
        json.WriteEndArray();
        Responses("200", "OK");
        json.WriteEndObject();
    }

    private void Argument(RoutineParameter parameter)
    {
        json.WriteStartObject();
        json.WriteString("name", parameter.Name);
        json.WriteString("in", "query");
        json.WriteBoolean("required", parameter.Default is null && !parameter.Variadic);
        bool repeats = parameter.Variadic;
        json.WriteString("type", repeats ? "array" : OpenApiSchemas.QueryTypeOf(parameter.Type));
        if (repeats)
        {
            json.WriteString("collectionFormat", "multi");
            json.WriteStartObject("items");
            json.WriteString("type", OpenApiSchemas.QueryTypeOf(parameter.Type.Element ?? LogicalType.Text));
            json.WriteString("format", (parameter.Type.Element ?? LogicalType.Text).SqlName);
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("format", parameter.Type.SqlName);
        }
        json.WriteEndObject();
    }

    private void ArgumentsBody(Routine routine)
    {
        json.WriteStartObject();
        json.WriteString("name", "args");
        json.WriteString("in", "body");
        json.WriteBoolean("required", true);
        json.WriteStartObject("schema");
        json.WriteString("type", "object");
        OpenApiSchemas.Required(json, routine.Parameters.Where(p => p.Default is null && !p.Variadic && p.Name.Length > 0).Select(p => p.Name));
        json.WriteStartObject("properties");
        foreach (RoutineParameter parameter in routine.Parameters.Where(p => p.Name.Length > 0))
        {
            json.WriteStartObject(parameter.Name);
            OpenApiSchemas.TypeOf(json, parameter.Type);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    // ---- parameters ----

    private void Parameters()
    {
        json.WriteStartObject("parameters");
        Prefer("preferReturn", "return=representation", "return=minimal", "return=headers-only");
        Prefer("preferCount", "count=none", "count=exact");
        Prefer("preferPost", "return=representation", "return=minimal", "return=headers-only", "resolution=ignore-duplicates", "resolution=merge-duplicates");
        Shared("select", "select", "query", "Columns and embedded relations");
        Shared("on_conflict", "on_conflict", "query", "Columns that decide what is a duplicate");
        Shared("order", "order", "query", "Ordering");
        Shared("range", "Range", "header", "Rows from-to, counted from 0");
        Shared("rangeUnit", "Range-Unit", "header", "items");
        Shared("offset", "offset", "query", "Rows to skip");
        Shared("limit", "limit", "query", "Rows at most");
        foreach (Table table in view.Tables)
        {
            json.WriteStartObject("body." + table.Name.Name);
            json.WriteString("name", table.Name.Name);
            json.WriteString("in", "body");
            json.WriteBoolean("required", false);
            json.WritePropertyName("schema");
            Reference("#/definitions/", table.Name.Name);
            json.WriteEndObject();
            foreach (Column column in view.Columns(table, Privileges.Select))
            {
                Shared($"rowFilter.{table.Name.Name}.{column.Name}", column.Name, "query", column.Comment);
            }
        }
        json.WriteEndObject();
    }

    private void Prefer(string name, params ReadOnlySpan<string> values)
    {
        json.WriteStartObject(name);
        json.WriteString("name", "Prefer");
        json.WriteString("in", "header");
        json.WriteBoolean("required", false);
        json.WriteString("type", "string");
        MediaTypes("enum", values);
        json.WriteEndObject();
    }

    private void Shared(string key, string name, string where, string? description)
    {
        json.WriteStartObject(key);
        json.WriteString("name", name);
        if (description is not null)
        {
            json.WriteString("description", description);
        }
        json.WriteString("in", where);
        json.WriteBoolean("required", false);
        json.WriteString("type", "string");
        json.WriteEndObject();
    }

    // ---- small parts ----

    private void Tag(string tag)
    {
        json.WriteStartArray("tags");
        json.WriteStringValue(tag);
        json.WriteEndArray();
    }

    // The first line of a comment is the summary, the rest the description.
    private void Described(string? comment)
    {
        if (comment is null)
        {
            return;
        }
        int end = comment.IndexOf('\n');
        json.WriteString("summary", end < 0 ? comment : comment[..end]);
        if (end >= 0 && comment[end..].Trim('\n') is { Length: > 0 } rest)
        {
            json.WriteString("description", rest);
        }
    }

    private void Responses(string status, string description)
    {
        json.WriteStartObject("responses");
        Response(status, description);
        json.WriteEndObject();
    }

    private void Response(string status, string description)
    {
        json.WriteStartObject(status);
        json.WriteString("description", description);
        json.WriteEndObject();
    }

    private void Reference(string into, string name)
    {
        json.WriteStartObject();
        json.WriteString("$ref", into + name);
        json.WriteEndObject();
    }
}
