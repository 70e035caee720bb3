using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// insert, update, delete: values are converted to the columns' types by assignment.
internal sealed partial class TypeChecker
{
    /// <summary>The range of the proposed row in on conflict do update; SQL fixes this name.</summary>
    public const string ExcludedRange = "excluded";

    private Statement BindStatement(Statement statement, Scope? parent) =>
        statement switch
        {
            SelectStatement s => s with { Select = BindSelect(s.Select, parent, keepUnknown: false) },
            InsertStatement s => BindInsert(s, parent),
            UpdateStatement s => BindUpdate(s, parent),
            DeleteStatement s => BindDelete(s, parent),
            _ => throw new InvalidOperationException($"the type checker does not know {statement.GetType().Name}"),
        };

    private static ImmutableArray<RowField> ReturningFields(Statement statement) =>
        OutputOf(
            statement switch
            {
                InsertStatement s => s.Returning,
                UpdateStatement s => s.Returning,
                DeleteStatement s => s.Returning,
                _ => [],
            }
        );

    /// <summary>Names and types of the rows a bound statement answers; empty when it answers none.</summary>
    public static ImmutableArray<RowField> OutputOf(Statement bound) =>
        bound is SelectStatement query ? query.Select.Output : ReturningFields(bound);

    private RangeEntry TargetRange(RelationShape shape, string alias) =>
        new(alias.Length == 0 ? shape.Name.Name : alias, NewAlias(), shape.Columns) { Table = shape.Name, PrimaryKey = shape.PrimaryKey };

    // ---- insert ----

    private InsertStatement BindInsert(InsertStatement s, Scope? parent)
    {
        var level = new Scope(parent);
        var with = BindWith(s.With, level);
        RelationShape shape = FindRelation(s.Table, s.At);
        RangeEntry target = TargetRange(shape, s.Alias);
        var columns = TargetColumns(s, shape);
        Select? source = s.Source is null ? null : BindInsertSource(s, shape, columns, level);
        if (s.Columns.IsEmpty && source is not null)
        {
            columns = columns[..source.Output.Length];
        }
        var scope = new Scope(level);
        scope.Ranges.Add(target);
        OnConflict? conflict = s.Conflict is null ? null : BindConflict(s.Conflict, shape, target, level, s.At);
        return s with
        {
            With = with,
            Table = shape.Name,
            Alias = target.Alias,
            Columns = source is null ? [] : NamesOf(columns),
            Source = source,
            Conflict = conflict,
            Returning = BindReturning(s.Returning, scope),
        };
    }

    private static ImmutableArray<RowField> TargetColumns(InsertStatement s, RelationShape shape)
    {
        if (s.Columns.IsEmpty)
        {
            return shape.Columns;
        }
        var columns = ImmutableArray.CreateBuilder<RowField>(s.Columns.Length);
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (string name in s.Columns)
        {
            columns.Add(FindTarget(shape, name, s.At));
            if (!used.Add(name))
            {
                throw CheckErrors.Of(ErrorCodes.DuplicateColumn, $"column \"{name}\" specified more than once", s.At);
            }
        }
        return columns.MoveToImmutable();
    }

    private static RowField FindTarget(RelationShape shape, string name, Span at)
    {
        foreach (RowField column in shape.Columns)
        {
            if (column.Name == name)
            {
                return column;
            }
        }
        string? near = NearestName.Of(name, NamesOf(shape.Columns));
        throw CheckErrors.NoColumn($"\"{name}\" of relation \"{shape.Name.Name}\"", at, near);
    }

    private Select BindInsertSource(InsertStatement s, RelationShape shape, ImmutableArray<RowField> columns, Scope level)
    {
        if (s.Source is { Body: ValuesBody values, With.IsEmpty: true, OrderBy.IsEmpty: true, Limit: null, Offset: null })
        {
            return BindInsertValues(s, shape, values, columns, level);
        }
        Select source = BindSelect(s.Source!, level, keepUnknown: true);
        RequireWidth(source.Output.Length, columns.Length, s);
        var types = new LogicalType[source.Output.Length];
        for (int i = 0; i < types.Length; i++)
        {
            types[i] = columns[i].Type;
            RequireWritable(shape, columns[i].Name, s.OverridingSystemValue, source.At);
            LogicalType from = source.Output[i].Type;
            if (from.Kind != TypeKind.Unknown && !CanAssign(from, types[i]))
            {
                throw CannotAssign(columns[i], from, source.At);
            }
        }
        return CoerceColumns(source, types, CastContext.Assignment);
    }

    private static bool CanAssign(LogicalType from, LogicalType to) =>
        TypeFacts.Same(from, to) || Conversions.Find(from, to) <= CastContext.Assignment;

    private Select BindInsertValues(
        InsertStatement s,
        RelationShape shape,
        ValuesBody values,
        ImmutableArray<RowField> columns,
        Scope level
    )
    {
        int width = values.Rows.IsEmpty ? 0 : values.Rows[0].Length;
        RequireWidth(width, columns.Length, s);
        var rows = new ImmutableArray<Expr>[values.Rows.Length];
        var scope = new Scope(level) { NoAggregates = "VALUES", NoWindows = "VALUES" };
        for (int r = 0; r < rows.Length; r++)
        {
            var cells = new Expr[width];
            for (int c = 0; c < width; c++)
            {
                cells[c] = BindAssigned(values.Rows[r][c], columns[c], shape, s.OverridingSystemValue, scope);
            }
            rows[r] = Frozen.AsImmutable(cells);
        }
        return s.Source! with { Body = new ValuesBody(Frozen.AsImmutable(rows)), Output = columns[..width] };
    }

    private static void RequireWidth(int given, int columns, InsertStatement s)
    {
        if (given > columns)
        {
            throw CheckErrors.Of(ErrorCodes.SyntaxError, "INSERT has more expressions than target columns", s.At);
        }
        if (given < columns && !s.Columns.IsEmpty)
        {
            throw CheckErrors.Of(ErrorCodes.SyntaxError, "INSERT has more target columns than expressions", s.At);
        }
    }

    /// <summary>A value for a column: DEFAULT, or an expression converted by assignment.</summary>
    private Expr BindAssigned(Expr syntax, RowField column, RelationShape shape, bool overriding, Scope scope)
    {
        if (syntax is DefaultExpr)
        {
            return syntax with { Type = column.Type };
        }
        RequireWritable(shape, column.Name, overriding, syntax.At);
        Expr value = syntax is ArrayExpr { Items.IsEmpty: true } empty && column.Type.Kind == TypeKind.Array
            ? BindArray(empty, scope, column.Type.Element)
            : Bind(syntax, scope);
        return TryCoerce(value, column.Type, CastContext.Assignment) ?? throw CannotAssign(column, value.Type, syntax.At);
    }

    private static CheckFailure CannotAssign(RowField column, LogicalType from, Span at) =>
        CheckErrors.Of(
            ErrorCodes.DatatypeMismatch,
            $"column \"{column.Name}\" is of type {column.Type.Unmodified.SqlName} but expression is of type {from.Unmodified.SqlName}",
            at,
            "You will need to rewrite or cast the expression."
        );

    private static void RequireWritable(RelationShape shape, string column, bool overriding, Span at)
    {
        if (shape.Generated.Contains(column))
        {
            throw CheckErrors.Of(
                ErrorCodes.GeneratedAlways,
                $"cannot insert a non-DEFAULT value into column \"{column}\"",
                at,
                null,
                $"Column \"{column}\" is a generated column."
            );
        }
        if (!overriding && shape.AlwaysIdentity.Contains(column))
        {
            throw CheckErrors.Of(
                ErrorCodes.GeneratedAlways,
                $"cannot insert a non-DEFAULT value into column \"{column}\"",
                at,
                "Use OVERRIDING SYSTEM VALUE to override.",
                $"Column \"{column}\" is an identity column defined as GENERATED ALWAYS."
            );
        }
    }

    private OnConflict BindConflict(OnConflict c, RelationShape shape, RangeEntry target, Scope level, Span at)
    {
        foreach (string column in c.Columns)
        {
            FindTarget(shape, column, at);
        }
        var arbiter = new Scope(level) { NoAggregates = "index predicate", NoWindows = "index predicate" };
        arbiter.Ranges.Add(target);
        var scope = new Scope(level);
        scope.Ranges.Add(target);
        scope.Ranges.Add(new RangeEntry(ExcludedRange, ExcludedRange, shape.Columns) { Table = shape.Name, QualifiedOnly = true });
        return c with
        {
            ArbiterWhere = c.ArbiterWhere is null ? null : BindCondition(c.ArbiterWhere, arbiter, "WHERE"),
            Set = BindAssignments(c.Set, shape, scope),
            Where = BindClause(c.Where, scope, "WHERE"),
        };
    }

    // ---- update, delete ----

    private UpdateStatement BindUpdate(UpdateStatement s, Scope? parent)
    {
        var level = new Scope(parent);
        var with = BindWith(s.With, level);
        RelationShape shape = FindRelation(s.Table, s.At);
        RangeEntry target = TargetRange(shape, s.Alias);
        Scope scope = WriteScope(level, target, s.From, s.At, out FromItem? from);
        var set = BindAssignments(s.Set, shape, scope);
        Expr? where = BindClause(s.Where, scope, "WHERE");
        return s with
        {
            With = with,
            Table = shape.Name,
            Alias = target.Alias,
            Set = set,
            From = from,
            Where = where,
            Returning = BindReturning(s.Returning, scope),
        };
    }

    private DeleteStatement BindDelete(DeleteStatement s, Scope? parent)
    {
        var level = new Scope(parent);
        var with = BindWith(s.With, level);
        RelationShape shape = FindRelation(s.Table, s.At);
        RangeEntry target = TargetRange(shape, s.Alias);
        Scope scope = WriteScope(level, target, s.Using, s.At, out FromItem? from);
        Expr? where = BindClause(s.Where, scope, "WHERE");
        return s with
        {
            With = with,
            Table = shape.Name,
            Alias = target.Alias,
            Using = from,
            Where = where,
            Returning = BindReturning(s.Returning, scope),
        };
    }

    /// <summary>The target and, beside it, the items of from or using, which cannot see it.</summary>
    private Scope WriteScope(Scope level, RangeEntry target, FromItem? syntax, Span at, out FromItem? from)
    {
        var scope = new Scope(level) { NoAggregates = "functions in FROM", NoWindows = "functions in FROM" };
        from = syntax is null ? null : BindFrom(syntax, scope);
        foreach (RangeEntry range in scope.Ranges)
        {
            if (range.Name == target.Name)
            {
                throw CheckErrors.Of(ErrorCodes.DuplicateAlias, $"table name \"{target.Name}\" specified more than once", at);
            }
        }
        scope.Ranges.Insert(0, target);
        return scope;
    }

    private ImmutableArray<ColumnAssignment> BindAssignments(ImmutableArray<ColumnAssignment> set, RelationShape shape, Scope scope)
    {
        if (set.IsEmpty)
        {
            return [];
        }
        scope.NoAggregates = scope.NoWindows = "UPDATE";
        var bound = new ColumnAssignment[set.Length];
        var used = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < bound.Length; i++)
        {
            ColumnAssignment assignment = set[i];
            RowField column = FindTarget(shape, assignment.Column, assignment.At);
            if (!used.Add(column.Name))
            {
                throw CheckErrors.Of(
                    ErrorCodes.SyntaxError,
                    $"multiple assignments to same column \"{column.Name}\"",
                    assignment.At
                );
            }
            bound[i] = assignment with { Value = BindUpdated(assignment, column, shape, scope) };
        }
        return Frozen.AsImmutable(bound);
    }

    private Expr BindUpdated(ColumnAssignment assignment, RowField column, RelationShape shape, Scope scope)
    {
        bool isDefault = assignment.Value is DefaultExpr;
        if (!isDefault && (shape.Generated.Contains(column.Name) || shape.AlwaysIdentity.Contains(column.Name)))
        {
            string what = shape.Generated.Contains(column.Name)
                ? $"Column \"{column.Name}\" is a generated column."
                : $"Column \"{column.Name}\" is an identity column defined as GENERATED ALWAYS.";
            throw CheckErrors.Of(
                ErrorCodes.GeneratedAlways,
                $"column \"{column.Name}\" can only be updated to DEFAULT",
                assignment.At,
                null,
                what
            );
        }
        return BindAssigned(assignment.Value, column, shape, overriding: true, scope);
    }

    private ImmutableArray<SelectItem> BindReturning(ImmutableArray<SelectItem> items, Scope scope)
    {
        if (items.IsEmpty)
        {
            return [];
        }
        var bound = new List<SelectItem>(items.Length);
        scope.NoAggregates = scope.NoWindows = "RETURNING";
        foreach (SelectItem item in items)
        {
            if (item.Value is StarExpr star)
            {
                ExpandStar(star, scope, bound);
                continue;
            }
            bound.Add(new SelectItem(DefaultUnknown(Bind(item.Value, scope)), item.Alias ?? DerivedName(item.Value)));
        }
        return [.. bound];
    }
}
