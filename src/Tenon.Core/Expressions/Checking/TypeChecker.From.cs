using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// From items: each gets its unique alias and is entered into the scope of its query, in order of appearance.
internal sealed partial class TypeChecker
{
    private FromItem BindFrom(FromItem item, Scope scope) =>
        item switch
        {
            TableFrom table => BindTable(table, scope),
            JoinFrom join => BindJoin(join, scope),
            SelectFrom derived => BindDerived(derived, scope),
            FunctionFrom function => BindFunctionFrom(function, scope),
            _ => throw new InvalidOperationException($"the type checker does not know {item.GetType().Name}"),
        };

    private TableFrom BindTable(TableFrom item, Scope scope)
    {
        RangeEntry entry;
        TableFrom bound;
        if (item.Name.Schema.Length == 0 && scope.FindCommonTable(item.Name.Name) is { } common)
        {
            entry = new RangeEntry(item.Alias, NewAlias(), common.Fields) { VisibleNames = Renamed(common.Fields, item.ColumnAliases, item) };
            bound = item with { Name = new QualifiedName("", common.BoundName), IsCommonTable = true };
        }
        else
        {
            RelationShape shape = FindRelation(item.Name, item.At);
            entry = new RangeEntry(item.Alias, NewAlias(), shape.Columns)
            {
                Table = shape.Name,
                PrimaryKey = shape.PrimaryKey,
                VisibleNames = Renamed(shape.Columns, item.ColumnAliases, item),
            };
            bound = item with { Name = shape.Name };
        }
        Enter(scope, entry, item.At);
        return bound with { Alias = entry.Alias, ColumnAliases = [] };
    }

    private RelationShape FindRelation(QualifiedName name, Span at)
    {
        if (name.Source.Length > 0)
        {
            throw CheckErrors.NotSupported($"a reference to another source ({name})", at);
        }
        string? schema = name.Schema.Length == 0 ? null : name.Schema;
        return names.FindRelation(schema, name.Name)
            ?? throw CheckErrors.NoRelation(
                schema is null ? name.Name : $"{schema}.{name.Name}",
                at,
                NearestName.Of(name.Name, names.RelationNames)
            );
    }

    /// <summary>The visible names of a range whose first columns are renamed; default when none is.</summary>
    private static ImmutableArray<string> Renamed(ImmutableArray<RowField> fields, ImmutableArray<string> aliases, FromItem item)
    {
        if (aliases.IsEmpty)
        {
            return default;
        }
        if (aliases.Length > fields.Length)
        {
            throw CheckErrors.Of(
                ErrorCodes.InvalidColumnReference,
                $"table has {fields.Length} columns available but {aliases.Length} columns specified",
                item.At
            );
        }
        var names = ImmutableArray.CreateBuilder<string>(fields.Length);
        for (int i = 0; i < fields.Length; i++)
        {
            names.Add(i < aliases.Length ? aliases[i] : fields[i].Name);
        }
        return names.MoveToImmutable();
    }

    private static void Enter(Scope scope, RangeEntry entry, Span at)
    {
        foreach (RangeEntry other in scope.Ranges)
        {
            if (other.Name == entry.Name && entry.Name.Length > 0)
            {
                throw CheckErrors.Of(ErrorCodes.DuplicateAlias, $"table name \"{entry.Name}\" specified more than once", at);
            }
        }
        scope.Ranges.Add(entry);
    }

    private SelectFrom BindDerived(SelectFrom item, Scope scope)
    {
        bool hidden = scope.RangesHidden;
        scope.RangesHidden = !item.Lateral;
        Select select = BindSelect(item.Select, scope, keepUnknown: false);
        scope.RangesHidden = hidden;
        (select, var visible) = UniqueOutput(select);
        var names = item.ColumnAliases.IsEmpty ? visible : Renamed(select.Output, item.ColumnAliases, item);
        var entry = new RangeEntry(item.Alias, NewAlias(), select.Output) { VisibleNames = names };
        Enter(scope, entry, item.At);
        return item with { Select = select, Alias = entry.Alias, ColumnAliases = [] };
    }

    private FunctionFrom BindFunctionFrom(FunctionFrom item, Scope scope)
    {
        RoutineShape? routine = null;
        Expr call = item.Call is CallExpr e ? ResolveCall(e, scope, out routine) : Bind(item.Call, scope);
        call = DefaultUnknown(call);
        if (call is AggregateExpr or WindowExpr)
        {
            throw CheckErrors.Of(ErrorCodes.GroupingError, "aggregate functions are not allowed in functions in FROM", item.At);
        }
        (FunctionFrom bound, RangeEntry entry) = FunctionRange(item, call, routine);
        Enter(scope, entry, item.At);
        return bound;
    }

    /// <summary>The range of a function in from: its columns as the function calls them and as the text does.</summary>
    private (FunctionFrom From, RangeEntry Entry) FunctionRange(FunctionFrom item, Expr call, RoutineShape? routine)
    {
        var columns = FunctionColumns(item, call, routine, out bool isScalar, out bool takesAlias);
        if (item.WithOrdinality)
        {
            columns = columns.Add(new RowField("ordinality", LogicalType.Int8));
        }
        var visible = item.ColumnTypes.IsEmpty ? item.ColumnAliases : [];
        if (visible.IsEmpty && takesAlias)
        {
            visible = [item.Alias];
        }
        string alias = NewAlias();
        var entry = new RangeEntry(item.Alias, alias, columns)
        {
            VisibleNames = Renamed(columns, visible, item),
            IsScalarFunction = isScalar && !item.WithOrdinality,
            Table = routine?.Result.RowOf,
        };
        var bound = item with { Call = call, Alias = alias, ColumnAliases = [], Lateral = true, Columns = columns };
        return (bound, entry);
    }

    private ImmutableArray<RowField> FunctionColumns(
        FunctionFrom item,
        Expr call,
        RoutineShape? routine,
        out bool isScalar,
        out bool takesAlias
    )
    {
        isScalar = takesAlias = false;
        if (!item.ColumnTypes.IsEmpty)
        {
            return DefinedColumns(item);
        }
        var columns = call switch
        {
            ApplyExpr { Function: { Shape: FunctionShape.SetReturning } function } => function.Columns,
            UserCallExpr when routine is { ResultColumns.IsEmpty: false } => routine.ResultColumns,
            _ => call.Type.Fields,
        };
        if (columns.IsEmpty && call.Type.Kind == TypeKind.Record)
        {
            throw CheckErrors.Of(
                ErrorCodes.SyntaxError,
                "a column definition list is required for functions returning \"record\"",
                item.At
            );
        }
        string name = call switch
        {
            ApplyExpr e => e.Function.Name,
            UserCallExpr e => e.Function.Name,
            _ => item.Alias,
        };
        // A function of one result without a name of its own is called as the range is.
        takesAlias = columns.IsEmpty || (columns.Length == 1 && columns[0].Name == name);
        isScalar = columns.IsEmpty || (columns.Length == 1 && call.Type.Kind != TypeKind.Record);
        return columns.IsEmpty ? [new RowField(name, call.Type)] : columns;
    }

    private ImmutableArray<RowField> DefinedColumns(FunctionFrom item)
    {
        var columns = ImmutableArray.CreateBuilder<RowField>(item.ColumnTypes.Length);
        for (int i = 0; i < item.ColumnTypes.Length; i++)
        {
            columns.Add(new RowField(item.ColumnAliases[i], TypeNames.Resolve(item.ColumnTypes[i], names)));
        }
        return columns.MoveToImmutable();
    }

    // ---- joins ----

    private JoinFrom BindJoin(JoinFrom join, Scope scope)
    {
        int start = scope.Ranges.Count;
        FromItem left = BindFrom(join.Left, scope);
        int middle = scope.Ranges.Count;
        FromItem right = BindFrom(join.Right, scope);
        Expr? on = null;
        if (join.On is not null)
        {
            on = BindOn(join.On, scope, start);
        }
        else if (join.Natural || !join.Using.IsEmpty)
        {
            var columns = join.Natural ? CommonColumns(scope, start, middle) : join.Using;
            on = MergeColumns(join, columns, scope, start, middle);
        }
        JoinKind kind = join.Natural && on is null ? JoinKind.Cross : join.Kind;
        return join with { Kind = kind, Left = left, Right = right, On = on, Using = [], Natural = false };
    }

    private Expr BindOn(Expr syntax, Scope scope, int start)
    {
        for (int i = 0; i < start; i++)
        {
            scope.Ranges[i].Visible = false;
        }
        string? clause = scope.NoAggregates;
        scope.NoAggregates = "JOIN conditions";
        Expr on = BindCondition(syntax, scope, "JOIN/ON");
        scope.NoAggregates = clause;
        for (int i = 0; i < start; i++)
        {
            scope.Ranges[i].Visible = true;
        }
        return on;
    }

    private static ImmutableArray<string> CommonColumns(Scope scope, int start, int middle)
    {
        var common = ImmutableArray.CreateBuilder<string>();
        for (int i = start; i < middle; i++)
        {
            RangeEntry range = scope.Ranges[i];
            for (int c = 0; c < range.Fields.Length; c++)
            {
                string name = range.NameOf(c);
                bool merged = range.Merged?.Contains(name) == true || common.Contains(name);
                if (!merged && FindIn(scope, middle, scope.Ranges.Count, name, Span.None) is not null)
                {
                    common.Add(name);
                }
            }
        }
        return common.ToImmutable();
    }

    /// <summary>using (a, b): equality of both sides' columns, which become one column without a qualifier.</summary>
    private Expr? MergeColumns(JoinFrom join, ImmutableArray<string> columns, Scope scope, int start, int middle)
    {
        if (columns.IsEmpty)
        {
            return null;
        }
        var tests = new Expr[columns.Length];
        var values = new Expr[columns.Length];
        var fields = new RowField[columns.Length];
        for (int i = 0; i < tests.Length; i++)
        {
            Expr left = FindIn(scope, start, middle, columns[i], join.At) ?? throw NotInUsing(columns[i], "left", join.At);
            Expr right = FindIn(scope, middle, scope.Ranges.Count, columns[i], join.At) ?? throw NotInUsing(columns[i], "right", join.At);
            tests[i] = Apply("=", left, right, join.At);
            values[i] = MergedValue(join.Kind, left, right, join.At);
            fields[i] = new RowField(columns[i], values[i].Type);
        }
        for (int i = start; i < scope.Ranges.Count; i++)
        {
            RangeEntry range = scope.Ranges[i];
            range.Merged ??= new HashSet<string>(StringComparer.Ordinal);
            range.Merged.UnionWith(columns);
        }
        var merged = new RangeEntry("", "", Frozen.AsImmutable(fields)) { Values = Frozen.AsImmutable(values) };
        scope.Ranges.Insert(start, merged);
        return tests.Length == 1 ? tests[0] : new AndExpr(Frozen.AsImmutable(tests)) { Type = LogicalType.Boolean, At = join.At };
    }

    private Expr MergedValue(JoinKind kind, Expr left, Expr right, Span at)
    {
        if (kind != JoinKind.Full)
        {
            return kind == JoinKind.Right ? right : left;
        }
        LogicalType type = TypeFacts.Common(left.Type, right.Type) ?? throw NoCommonType(left.Type, right.Type, "JOIN/USING", at);
        return new CoalesceExpr([Coerce(left, type, at), Coerce(right, type, at)]) { Type = type, At = at };
    }

    private static CheckFailure NotInUsing(string column, string side, Span at) =>
        CheckErrors.Of(
            ErrorCodes.UndefinedColumn,
            $"column \"{column}\" specified in USING clause does not exist in {side} table",
            at
        );

    private static Expr? FindIn(Scope scope, int from, int to, string name, Span at)
    {
        Expr? found = null;
        for (int i = from; i < to; i++)
        {
            RangeEntry range = scope.Ranges[i];
            if (range.Merged?.Contains(name) == true || ColumnOf(range, name, at) is not { } column)
            {
                continue;
            }
            if (found is not null)
            {
                throw CheckErrors.Of(
                    ErrorCodes.AmbiguousColumn,
                    $"common column name \"{name}\" appears more than once in one table",
                    at
                );
            }
            found = column;
        }
        return found;
    }
}
