using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Types;

namespace Tenon.Core.Schema;

/// <summary>What statements made of a catalog: the new one, and what a database has to do to get there.</summary>
internal sealed record SchemaChange(Catalog.Catalog Catalog, ImmutableArray<SchemaStep> Steps);

/// <summary>How the schema language behaves where an app may choose.</summary>
internal sealed record SchemaOptions
{
    public static readonly SchemaOptions Standard = new();

    /// <summary>[api] auto_expose_new_tables: what is created in public is granted to the three roles.</summary>
    public bool AutoExposeNewTables { get; init; }
}

/// <summary>A refusal from deep inside a statement; ends at <see cref="SchemaBuilder.Apply"/>.</summary>
internal sealed class SchemaFailure(Error error) : Exception(error.Message)
{
    public Error Error { get; } = error;

    public static SchemaFailure Of(ErrorCode code, string message, Span at, string? hint = null, string? details = null) =>
        new(new Error(code, message, details, hint) { Position = at.Start < 0 ? null : at.Start });

    public static SchemaFailure Refused(string what, Span at, string hint) =>
        Of(ErrorCodes.FeatureNotSupported, $"{what} is not supported", at, hint);
}

/// <summary>
/// Applies schema statements to an immutable catalog by PostgreSQL's rules, and lists the steps a database has to take.
/// Pure: everything is checked here, before anything is changed anywhere.
/// </summary>
internal sealed partial class SchemaBuilder
{
    private readonly SchemaOptions options;
    private readonly ImmutableArray<SchemaStep>.Builder steps = ImmutableArray.CreateBuilder<SchemaStep>();
    private Catalog.Catalog catalog;
    private Span here = Span.None;

    private SchemaBuilder(Catalog.Catalog catalog, SchemaOptions options)
    {
        this.catalog = catalog;
        this.options = options;
    }

    public static Outcome<SchemaChange> Apply(
        Catalog.Catalog catalog,
        ImmutableArray<SchemaStatement> statements,
        SchemaOptions? options = null
    )
    {
        var builder = new SchemaBuilder(catalog, options ?? SchemaOptions.Standard);
        try
        {
            foreach (SchemaStatement statement in statements)
            {
                builder.here = statement.At;
                builder.Apply(statement);
            }
            return new SchemaChange(builder.catalog, builder.steps.ToImmutable());
        }
        catch (SchemaFailure failure)
        {
            Error error = failure.Error;
            return error.Position is null && builder.here.Start >= 0 ? error with { Position = builder.here.Start } : error;
        }
    }

    private void Apply(SchemaStatement statement)
    {
        if (TargetOf(statement) is { Schema: "storage" or "realtime" } target && FindTable(target) is null)
        {
            // Of a feature that is not built yet: accepted, and without effect as long as there is nothing to reach.
            return;
        }
        switch (statement)
        {
            case RowStatement s:
                ApplyRows(s);
                break;
            case CreateTable s:
                ApplyCreateTable(s);
                break;
            case AlterTable s:
                ApplyAlterTable(s);
                break;
            case CreateIndex s:
                ApplyCreateIndex(s);
                break;
            case CreateView s:
                ApplyCreateView(s);
                break;
            case CreateFunction s:
                ApplyCreateFunction(s);
                break;
            case CreateTrigger s:
                ApplyCreateTrigger(s);
                break;
            case CreatePolicy s:
                ApplyCreatePolicy(s);
                break;
            case AlterPolicy s:
                ApplyAlterPolicy(s);
                break;
            case GrantTables s:
                ApplyGrant(s);
                break;
            case GrantFunctions s:
                ApplyGrant(s);
                break;
            case DropObject s:
                ApplyDrop(s);
                break;
            default:
                ApplySmall(statement);
                break;
        }
    }

    private void ApplyRows(RowStatement rows)
    {
        Require(new TypeChecker(catalog).CheckStatement(rows.Statement));
        Emit(new RowsStep(rows.Statement));
    }

    /// <summary>The relation a statement is about, for those that quick-starts write about the server's own schemas.</summary>
    private static QualifiedName? TargetOf(SchemaStatement statement) =>
        statement switch
        {
            RowStatement { Statement: InsertStatement insert } => insert.Table,
            RowStatement { Statement: UpdateStatement update } => update.Table,
            RowStatement { Statement: DeleteStatement delete } => delete.Table,
            AlterTable alter => alter.Name,
            CreatePolicy policy => policy.Table,
            AlterPolicy policy => policy.Table,
            CreateTrigger trigger => trigger.Table,
            DropObject { On: { } on } => on,
            GrantTables { AllInSchema: false, Tables: [var only] } => only,
            _ => null,
        };

    // ---- shared ----

    private void Emit(SchemaStep step) => steps.Add(step with { Catalog = catalog, At = here });

    private void Put(Table table) => catalog = catalog.With(table);

    private static T Require<T>(Outcome<T> outcome) => outcome.Error is { } error ? throw new SchemaFailure(error) : outcome.Value;

    private QualifiedName InSchema(QualifiedName name)
    {
        QualifiedName full = name.Schema.Length == 0 ? new("public", name.Name) : name;
        if (full.Source.Length > 0)
        {
            throw SchemaFailure.Refused("changing the schema of an attached source", here, "Change it in that database.");
        }
        if (!catalog.Schemas.Contains(full.Schema))
        {
            throw SchemaFailure.Of(ErrorCodes.InvalidSchemaName, $"schema \"{full.Schema}\" does not exist", here);
        }
        return full;
    }

    private Table? FindTable(QualifiedName name) => catalog.Resolve(name.Schema, name.Name);

    private Table TableOf(QualifiedName name)
    {
        Table? table = FindTable(name);
        if (table is null)
        {
            string? near = NearestName.Of(name.Name, catalog.RelationNames);
            throw SchemaFailure.Of(
                ErrorCodes.UndefinedTable,
                $"relation \"{Written(name)}\" does not exist",
                here,
                near is null ? null : $"Perhaps you meant \"{near}\"."
            );
        }
        return table;
    }

    private Table BaseTableOf(QualifiedName name)
    {
        Table table = TableOf(name);
        return table.Kind == RelationKind.Table
            ? table
            : throw SchemaFailure.Of(ErrorCodes.WrongObjectType, $"\"{table.Name.Name}\" is not a table", here);
    }

    private static Column ColumnOf(Table table, string column, Span at) =>
        table.Find(column)
        ?? throw SchemaFailure.Of(
            ErrorCodes.UndefinedColumn,
            $"column \"{column}\" of relation \"{table.Name.Name}\" does not exist",
            at,
            NearestName.Of(column, table.Columns.Select(c => c.Name)) is { } near ? $"Perhaps you meant \"{near}\"." : null
        );

    private static string Written(QualifiedName name) => name.Schema.Length == 0 ? name.Name : $"{name.Schema}.{name.Name}";

    private Expr Check(Expr expr, Table table, ExpressionUse use, LogicalType? expected = null) =>
        Require(new TypeChecker(catalog).CheckExpression(expr, ScopeOfRanges.OfTable(table.Shape, table.Name.Name), expected, use));

    /// <summary>Tables, views and indexes of a schema share their names; the database ignores case, so we refuse to differ by it.</summary>
    private bool IsRelationName(string schema, string name) => OwnerOfName(schema, name) is not null;

    private string? OwnerOfName(string schema, string name)
    {
        foreach (Table table in catalog.Tables.Values)
        {
            if (table.Name.Schema != schema || table.Name.Source.Length > 0)
            {
                continue;
            }
            if (string.Equals(table.Name.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return table.Name.Name;
            }
            foreach (string index in IndexNames(table))
            {
                if (string.Equals(index, name, StringComparison.OrdinalIgnoreCase))
                {
                    return index;
                }
            }
        }
        return null;
    }

    private static IEnumerable<string> IndexNames(Table table) =>
        table
            .Indexes.Select(i => i.Name)
            .Concat(table.Uniques.Select(u => u.Name))
            .Concat(table.PrimaryKey is { } key ? [key.Name] : []);

    private void RequireNewName(QualifiedName name)
    {
        if (OwnerOfName(name.Schema, name.Name) is { } owner)
        {
            bool same = owner == name.Name;
            throw SchemaFailure.Of(
                ErrorCodes.DuplicateTable,
                same ? $"relation \"{name.Name}\" already exists" : $"relation \"{name.Name}\" differs from \"{owner}\" only in case",
                here,
                same ? null : "Names that differ only in case are one name to SQLite."
            );
        }
        if (name.Name.Contains('.') || name.Name.StartsWith("sqlite_", StringComparison.OrdinalIgnoreCase) || name.Name.StartsWith("tn_", StringComparison.OrdinalIgnoreCase))
        {
            throw SchemaFailure.Refused($"the name \"{name.Name}\"", here, "Choose one without a dot that does not begin with sqlite_ or tn_.");
        }
    }
}
