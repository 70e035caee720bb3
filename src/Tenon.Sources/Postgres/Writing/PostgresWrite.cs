using System.Collections.Concurrent;
using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Writing;

/// <summary>How the rows of a write reach its statement: decides its text.</summary>
internal enum RowsForm
{
    /// <summary>None, or one whose cells are parameters.</summary>
    Parameters,

    /// <summary>Any number, as one JSON parameter.</summary>
    Json,

    /// <summary>The same with cells that say DEFAULT.</summary>
    JsonWithDefaults,
}

/// <summary>
/// A write as one statement that answers its own rows (RETURNING in a common table), so that neither a key nor a second
/// statement is needed to find them again: views, tables without a key and partitions are alike.
/// </summary>
internal sealed class PostgresWrite : CompiledWrite
{
    private readonly ConcurrentDictionary<(RowsForm Form, bool Represented), PostgresCompiled> statements = new();
    private readonly ReadUnit? representation;

    private PostgresWrite(GuardedWrite write, InsertOptions options, ReadUnit? representation, CompiledUnit? compiled)
        : base(write, options, compiled)
    {
        this.representation = representation;
        // A deleted row's children may go with it.
        bool takesChildren = write.Kind == WriteKind.Delete && compiled is { Children.Length: > 0 };
        Targets = takesChildren ? PostgresWriteDialect.CompileTargets(write, representation!) : null;
    }

    /// <summary>Of a delete that answers children: reads the rows and their children before they go.</summary>
    public PostgresCompiled? Targets { get; }

    public bool AnswersRows => representation is not null;

    public static PostgresWrite Compile(GuardedWrite write, InsertOptions options, ReadUnit? representation, PostgresSource source)
    {
        if (write.Enforcement == Enforcement.Compiled)
        {
            DemandPlain(write, options);
        }
        CompiledUnit? unit = representation is null ? null : Unit(write, options, representation, source);
        var compiled = new PostgresWrite(write, options, representation, unit);
        // What cannot be expressed is found out now, so that another enforcement may be tried.
        compiled.Statement(RowsForm.Parameters, compiled.AnswersRows);
        return compiled;
    }

    // A trigger runs the app's code as the caller, a view has rules of its own, a default or a check may ask for the role: all want
    // the caller's role. Of a row of a partition no system column says whether an upsert made it.
    private static void DemandPlain(GuardedWrite write, InsertOptions options)
    {
        bool plain =
            write.Table.Kind == RelationKind.Table
            && (write.Principal.Bypass || (write.Table.Triggers.IsEmpty && !MayMakeDefaults(write, options) && !MayAskChecks(write)))
            && !(write.Table.Partitioned && write.Kind == WriteKind.InsertOrUpdate);
        if (!plain)
        {
            throw Refusals.NotSupported($"writing to {write.Table.Name.Name} with compiled policies").ToException();
        }
    }

    private static bool MayAskChecks(GuardedWrite write) => write.Kind != WriteKind.Delete && write.Table.ChecksAskCaller;

    // An update may set those of the columns it is given (missing=default).
    private static bool MayMakeDefaults(GuardedWrite write, InsertOptions options) =>
        write.Kind switch
        {
            WriteKind.Update => options.Given.Any(o => write.Table.Columns[o].DefaultAsksCaller),
            WriteKind.Delete => false,
            _ => write.Table.Columns.Any(c => c.DefaultAsksCaller),
        };

    // The root's own statement is the write; its children are ordinary bind joins on the rows it answers.
    private static CompiledUnit Unit(GuardedWrite write, InsertOptions options, ReadUnit representation, PostgresSource source)
    {
        PostgresCompiled root = PostgresWriteDialect.Compile(write, options, RowsForm.Parameters, representation);
        CompiledChild[] children =
        [
            .. representation.Children.Select(c => new CompiledChild(
                CompiledRead.Of(c.Unit, source),
                [.. c.KeyColumns],
                [.. c.KeyTypes.Select(source.FormOf)]
            )),
        ];
        return new CompiledUnit(root, representation, children);
    }

    public PostgresCompiled Statement(RowsForm form, bool represented) =>
        statements.GetOrAdd((form, represented), key =>
            PostgresWriteDialect.Compile(Write, Options, key.Form, key.Represented ? representation : null));

    public PostgresCompiled Statement(IReadOnlyList<Datum[]> rows, bool represented) => Statement(FormOf(rows), represented);

    // A value of a composite type comes as JSON, which only json_to_recordset reads.
    private static bool IsRow(LogicalType type) => type.Kind == TypeKind.Record || (type.Kind == TypeKind.Array && IsRow(type.Element!));

    private RowsForm FormOf(IReadOnlyList<Datum[]> rows)
    {
        bool defaults = rows.Any(r => Options.Given.Any(o => PostgresWriteSession.IsDefault(r[o])));
        return defaults ? RowsForm.JsonWithDefaults
            : rows.Count > 1 || (rows.Count == 1 && Options.Given.Any(o => IsRow(Write.Table.Columns[o].Type))) ? RowsForm.Json
            : RowsForm.Parameters;
    }
}
