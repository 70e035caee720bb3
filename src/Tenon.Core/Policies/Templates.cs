using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;

namespace Tenon.Core.Policies;

/// <summary>
/// Policies, views and function bodies of one catalog, bound once. What comes out is a template: not guarded, its outer range
/// is <see cref="Row"/>, its parameters are variables; <see cref="Instantiation"/> puts it into a statement.
/// </summary>
internal sealed class Templates
{
    /// <summary>The range of the row a policy, check or trigger condition is about.</summary>
    public const string Row = "row";

    private static readonly ConditionalWeakTable<Catalog.Catalog, Templates> Known = [];

    private readonly Catalog.Catalog catalog;
    private readonly ConcurrentDictionary<Expr, Expr> predicates = new(ByReference<Expr>.Instance);
    private readonly ConcurrentDictionary<QualifiedName, Select> views = new();
    private readonly ConcurrentDictionary<QualifiedName, ImmutableArray<SearchKey>> searchKeys = new();
    private readonly ConcurrentDictionary<Routine, Select> bodies = new(ByReference<Routine>.Instance);
    private readonly ConcurrentDictionary<(Routine Routine, Table? FiresOn), BoundRoutine> routines = new();

    private Templates(Catalog.Catalog catalog) => this.catalog = catalog;

    public static Templates Of(Catalog.Catalog catalog) => Known.GetValue(catalog, c => new Templates(c));

    public Expr Predicate(Table table, Expr syntax) => predicates.GetOrAdd(syntax, e => Bind(table, e, LogicalType.Boolean));

    /// <summary>Any expression over the columns of one row of a table (default, generated, index), as a template.</summary>
    public Expr Bind(Table table, Expr syntax, LogicalType? expected)
    {
        var scope = ScopeOfRanges.OfTable(new RelationShape(table.Name, Fields(table)), Row);
        return new TypeChecker(catalog).CheckExpression(syntax, scope, expected).Value;
    }

    /// <summary>The indexes over one tsvector: gin or gist, of all rows. One of some rows (where) is asked by nobody.</summary>
    public ImmutableArray<SearchKey> SearchKeys(Table table) => searchKeys.GetOrAdd(table.Name, _ => BindSearchKeys(table));

    private ImmutableArray<SearchKey> BindSearchKeys(Table table)
    {
        var keys = ImmutableArray.CreateBuilder<SearchKey>();
        foreach (Catalog.Index index in table.Indexes)
        {
            if (index is { Method: "gin" or "gist", Where: null, Keys: [{ Value: { } syntax }] } && Bind(table, syntax, null) is { Type.Kind: TypeKind.TsVector } value)
            {
                keys.Add(new SearchKey(new QualifiedName(table.Name.Schema, index.Name), value));
            }
        }
        return keys.ToImmutable();
    }

    public Select View(Table view) =>
        views.GetOrAdd(
            view.Name,
            _ => Named(new TypeChecker(catalog).CheckSelect(view.ViewQuery!).Value, [.. Fields(view)])
        );

    private static ImmutableArray<RowField> Fields(Table table) => [.. table.Columns.Select(c => new RowField(c.Name, c.Type))];

    // ---- functions ----

    /// <summary>A function's body with everything bound; for a trigger function, as it fires on this table.</summary>
    public BoundRoutine Bound(Routine routine, Table? firesOn = null) =>
        routines.GetOrAdd(
            (routine, firesOn),
            key =>
                new TypeChecker(catalog)
                    .CheckRoutine(
                        new RoutineSource(key.Routine.Shape, key.Routine.Body)
                        {
                            TriggerTable = key.FiresOn is null ? null : new RelationShape(key.FiresOn.Name, Fields(key.FiresOn)),
                        }
                    )
                    .Value
        );

    /// <summary>The variable of parameter <paramref name="index"/> in the bound body.</summary>
    public string ParameterName(Routine routine, int index) => Bound(routine).ParameterNames[index];

    public static bool Accepts(Routine routine, UserCallExpr call) =>
        routine
            .Parameters.Zip(call.Arguments)
            .All(p => p.First.Type.Kind == p.Second.Type.Kind || p.Second.Type.Kind == TypeKind.Unknown);

    /// <summary>The rows of a function of one query, its columns named and typed as the function declares. Refused otherwise.</summary>
    public Select Body(Routine routine) => bodies.GetOrAdd(routine, BindBody);

    private Select BindBody(Routine routine)
    {
        Select query =
            (routine.Body is NativeBody ? null : OneQuery(Bound(routine).Body))
            ?? throw Refusals
                .NotSupported(
                    $"calling the function {routine.Name.Name} inside a query on this source",
                    "Functions that stand in queries and policies are a single SELECT: write it in language sql, or call it by itself."
                )
                .ToException();
        if (!routine.ReturnsSet && query.Limit is null && !Totality.IsSingleRow(query))
        {
            query = query with { Limit = new ConstantExpr(Datum.Of(1)) { Type = LogicalType.Int8 } };
        }
        return Named(query, ResultFields(routine, query));
    }

    /// <summary>Can the function stand in a query: is its body one query?</summary>
    public bool IsInlinable(Routine routine) => routine.Body is not NativeBody && OneQuery(Bound(routine).Body) is not null;

    /// <summary>Names and types of the rows a routine returns.</summary>
    private static ImmutableArray<RowField> ResultFields(Routine routine, Select query)
    {
        if (!routine.ResultColumns.IsEmpty)
        {
            return routine.ResultColumns;
        }
        return routine.Result is { Kind: TypeKind.Record, Fields: { IsEmpty: false } fields } && query.Output.Length == fields.Length
            ? fields
            : [routine.ValueField];
    }

    private static Select? OneQuery(RoutineBody bound) =>
        bound switch
        {
            SqlBody { Statements: [SelectStatement only] } => only.Select,
            BlockBody { Variables.IsEmpty: true, Statements: [ReturnBlock { Value: { } value }] } => new Select(
                new SelectCore([new SelectItem(value, null)])
            )
            {
                Output = [new RowField("", value.Type)],
            },
            BlockBody { Variables.IsEmpty: true, Statements: [ReturnQueryBlock { Query: SelectStatement query }] } => query.Select,
            _ => null,
        };

    /// <summary>The query with its columns under these names, converted to these types.</summary>
    private static Select Named(Select query, ImmutableArray<RowField> fields)
    {
        if (query.Body is not SelectCore core || core.Items.Length != fields.Length)
        {
            var wrapped = new SelectFrom(query, "w", [.. fields.Select(f => f.Name)], false);
            var items = fields.Select((f, i) => Item(new ColumnExpr("w", f.Name) { Type = query.Output[i].Type }, f));
            return new Select(new SelectCore([.. items]) { From = wrapped }) { Output = fields };
        }
        return query with { Body = core with { Items = [.. core.Items.Zip(fields, (i, f) => Item(i.Value, f))] }, Output = fields };
    }

    private static SelectItem Item(Expr value, RowField field) =>
        new(value.Type.Equals(field.Type) ? value : new ConvertExpr(value, false) { Type = field.Type }, field.Name);
}

/// <summary>Compares trees by identity: comparing them by content would walk them.</summary>
internal sealed class ByReference<T> : IEqualityComparer<T>
    where T : class
{
    public static readonly ByReference<T> Instance = new();

    public bool Equals(T? x, T? y) => ReferenceEquals(x, y);

    public int GetHashCode(T obj) => RuntimeHelpers.GetHashCode(obj);
}
