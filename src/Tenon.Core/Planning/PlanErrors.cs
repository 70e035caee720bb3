using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>The planner's errors in PostgREST's words: clients and their users know them.</summary>
internal static class PlanErrors
{
    public static Error NoTable(string schema, string name, string? near) =>
        new(
            ErrorCodes.NoTable,
            $"Could not find the table '{schema}.{name}' in the schema cache",
            null,
            near is null ? null : $"Perhaps you meant the table '{schema}.{near}'"
        );

    /// <summary>A column named in select, filter or order.</summary>
    public static Error UndefinedColumn(string relation, string column, string? near = null) =>
        new(
            ErrorCodes.UndefinedColumn,
            $"column {relation}.{column} does not exist",
            null,
            near is null ? null : $"Perhaps you meant to reference the column \"{relation}.{near}\"."
        );

    /// <summary>A column named in a payload or in ?columns=.</summary>
    public static Error NoColumn(string relation, string column) =>
        new(ErrorCodes.NoColumn, $"Could not find the '{column}' column of '{relation}' in the schema cache");

    public static Error NotEmbedded(string name) =>
        new(
            ErrorCodes.NotEmbedded,
            $"'{name}' is not an embedded resource in this request",
            null,
            $"Verify that '{name}' is included in the 'select' query parameter."
        );

    public static Error RelatedOrder(string origin, string target) =>
        new(
            ErrorCodes.RelatedOrderNotToOne,
            $"A related order on '{target}' is not possible",
            $"'{origin}' and '{target}' do not form a many-to-one or one-to-one relationship"
        );

    public static Error EmbedFilter(string name) =>
        new(
            ErrorCodes.EmbedFilterOperator,
            $"Bad operator on the '{name}' embedded resource",
            "Only is null or not is null filters are allowed on embedded resources"
        );

    public static Error AggregatesDisabled() => new(ErrorCodes.AggregatesDisabled, "Use of aggregate functions is not allowed");

    public static Error NoAggregate(string name, IEnumerable<LogicalType> arguments) =>
        new(
            ErrorCodes.UndefinedFunction,
            $"function {name}({string.Join(", ", arguments.Select(a => a.Unmodified.SqlName))}) does not exist",
            null,
            "No function matches the given name and argument types. You might need to add explicit type casts."
        );

    public static Error NotImplemented(string details, string? hint = null) =>
        new(ErrorCodes.NotImplemented, "Feature not implemented", details, hint);

    public static Error NoRangeOperator(string spelling, LogicalType type) =>
        new(
            ErrorCodes.UndefinedFunction,
            $"operator does not exist: {type.SqlName} {spelling} unknown",
            null,
            "sl, sr, nxr, nxl and adj compare columns of a range type."
        );

    public static Error NotSupported(string what, string? hint = null) =>
        new(ErrorCodes.FeatureNotSupported, $"{what} is not supported", null, hint);

    public static Error NoRelationship(string parent, string child, string? hint, string schema, string? near)
    {
        string with = hint is null ? "" : $" using the hint '{hint}'";
        return new(
            ErrorCodes.NoRelationship,
            $"Could not find a relationship between '{parent}' and '{child}' in the schema cache",
            $"Searched for a foreign key relationship between '{parent}' and '{child}'{with} in the schema '{schema}', but no matches were found.",
            near is null ? null : $"Perhaps you meant '{near}' instead of '{child}'."
        );
    }

    public static Error AmbiguousRelationship(string parent, string child, Relationship[] found)
    {
        string choices = string.Join(", ", found.Select(r => $"'{r.Target.Name}!{r.Constraint}'"));
        return new(
            ErrorCodes.AmbiguousRelationship,
            $"Could not embed because more than one relationship was found for '{parent}' and '{child}'",
            Describe(found),
            $"Try changing '{child}' to one of the following: {choices}. Find the desired relationship in the 'details' key."
        )
        {
            DetailsAreJson = true,
        };
    }

    private static string Describe(Relationship[] found)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            foreach (Relationship r in found)
            {
                json.WriteStartObject();
                json.WriteString("cardinality", Name(r.Cardinality));
                json.WriteString("embedding", $"{r.Table.Name} with {r.Target.Name}");
                json.WriteString("relationship", Path(r));
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static string Name(Cardinality cardinality) =>
        cardinality switch
        {
            Cardinality.ManyToOne => "many-to-one",
            Cardinality.OneToMany => "one-to-many",
            Cardinality.OneToOne => "one-to-one",
            _ => "many-to-many",
        };

    private static string Path(Relationship r)
    {
        if (r.Junction is { } junction)
        {
            return $"{junction.Table.Name} using {junction.SourceConstraint}({Columns(junction.ToSource, own: true)})"
                + $" and {junction.TargetConstraint}({Columns(junction.ToTarget, own: true)})";
        }
        return $"{r.Constraint} using {r.Table.Name}({Columns(r.Columns, own: true)}) and {r.Target.Name}({Columns(r.Columns, own: false)})";
    }

    private static string Columns(IEnumerable<ColumnPair> pairs, bool own) =>
        string.Join(", ", pairs.Select(p => own ? p.Column : p.ForeignColumn));

    // ---- functions -------------------------------------------------------------------------------------------------

    public static Error NoFunction(string schema, string name, IReadOnlyCollection<string> arguments, bool jsonBody, string? near)
    {
        string list = string.Join(", ", arguments);
        string shown = arguments.Count == 0 ? " without parameters" : $"({list})";
        string searched = arguments.Count == 0 ? " without parameters" : $" with parameter{(arguments.Count > 1 ? "s" : "")} {list}";
        string orWhole = jsonBody ? " or with a single unnamed json/jsonb parameter" : "";
        return new(
            ErrorCodes.NoFunction,
            $"Could not find the function {schema}.{name}{shown} in the schema cache",
            $"Searched for the function {schema}.{name}{searched}{orWhole}, but no matches were found in the schema cache.",
            near is null ? null : $"Perhaps you meant to call the function {schema}.{near}"
        );
    }

    public static Error AmbiguousFunction(IEnumerable<string> signatures) =>
        new(
            ErrorCodes.AmbiguousFunction,
            $"Could not choose the best candidate function between: {string.Join(", ", signatures)}",
            null,
            "Try renaming the parameters or the function itself in the database so function overloading can be resolved"
        );

    public static Error VolatileByGet(string function) =>
        new(
            ErrorCodes.ReadOnlyTransaction,
            $"cannot execute the volatile function {function} in a read-only transaction",
            null,
            "Call it by POST, or declare it stable if it changes nothing."
        );

    // ---- writes ----------------------------------------------------------------------------------------------------

    public static Error PutFilters() =>
        new(ErrorCodes.InvalidPutFilters, "Filters must include all and only primary key columns with 'eq' operators");

    public static Error PutLimit() => new(ErrorCodes.PutWithLimit, "limit/offset querystring parameters are not allowed for PUT");

    public static Error PutKey() => new(ErrorCodes.PutKeyMismatch, "Payload values do not match URL in primary key column(s)");

    public static Error NoArbiter() =>
        new(ErrorCodes.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification");

    public static Error ConflictColumn(string column) => new(ErrorCodes.UndefinedColumn, $"column \"{column}\" does not exist");

    public static Error InsertGenerated(string column, bool identity) =>
        new(
            ErrorCodes.GeneratedAlways,
            $"cannot insert a non-DEFAULT value into column \"{column}\"",
            identity
                ? $"Column \"{column}\" is an identity column defined as GENERATED ALWAYS."
                : $"Column \"{column}\" is a generated column.",
            identity ? "Use OVERRIDING SYSTEM VALUE to override." : null
        );

    public static Error UpdateGenerated(string column, bool identity) =>
        new(
            ErrorCodes.GeneratedAlways,
            $"column \"{column}\" can only be updated to DEFAULT",
            identity
                ? $"Column \"{column}\" is an identity column defined as GENERATED ALWAYS."
                : $"Column \"{column}\" is a generated column."
        );
}
