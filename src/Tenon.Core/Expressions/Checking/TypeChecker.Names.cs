using Tenon.Core.Errors;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// Names: columns of the ranges in sight, variables of the function around, whole rows, fields.
internal sealed partial class TypeChecker
{
    private Expr BindName(NameExpr e, Scope scope) =>
        e.Parts.Length switch
        {
            1 => BindSimpleName(e.Parts[0], scope, e.At),
            2 => BindQualifiedName(e.Parts[0], e.Parts[1], scope, e.At),
            3 => BindTableColumn(e, scope),
            _ => throw CheckErrors.Of(ErrorCodes.SyntaxError, $"improper qualified name (too many dotted names): {string.Join('.', e.Parts)}", e.At),
        };

    private Expr BindSimpleName(string name, Scope scope, Span at)
    {
        Expr? column = FindColumn(scope, name, at);
        Variable? variable = variables?.Find(name);
        if (column is not null && (variable is null || variables!.ColumnsWin))
        {
            return column;
        }
        if (column is not null)
        {
            throw CheckErrors.AmbiguousColumn(name, at, "It could refer to either a PL/pgSQL variable or a table column.");
        }
        if (variable is not null)
        {
            return new VariableExpr(variable.BoundName) { Type = variable.Type, At = at };
        }
        return WholeRow(scope, name, at) ?? throw UnknownColumn(scope, name, at);
    }

    private Expr BindQualifiedName(string qualifier, string name, Scope scope, Span at)
    {
        if (FindRange(scope, qualifier) is { } range)
        {
            return ColumnOf(range, name, at)
                ?? ComputedColumn(range, name, at)
                ?? throw CheckErrors.NoColumn($"{qualifier}.{name}", at, NearestColumn([range], name));
        }
        if (variables?.Find(qualifier) is { Type.Kind: TypeKind.Record } row)
        {
            return FieldOfVariable(row, qualifier, name, at);
        }
        if (variables?.FindQualified(qualifier, name) is { } variable)
        {
            return new VariableExpr(variable.BoundName) { Type = variable.Type, At = at };
        }
        throw MissingRange(scope, qualifier, at);
    }

    private static VariableExpr FieldOfVariable(Variable row, string qualifier, string name, Span at)
    {
        foreach (RowField field in row.Type.Fields)
        {
            if (field.Name == name)
            {
                return new VariableExpr($"{row.BoundName}.{name}") { Type = field.Type, At = at };
            }
        }
        string message = row.Type.Fields.IsEmpty
            ? $"record \"{qualifier}\" is not assigned yet"
            : $"record \"{qualifier}\" has no field \"{name}\"";
        throw CheckErrors.Of(ErrorCodes.UndefinedColumn, message, at);
    }

    private static Expr BindTableColumn(NameExpr e, Scope scope)
    {
        (string schema, string table, string column) = (e.Parts[0], e.Parts[1], e.Parts[2]);
        for (Scope? level = scope; level is not null; level = level.Parent)
        {
            foreach (RangeEntry range in level.Ranges)
            {
                if (range.Name == table && range.Table is { } name && name.Schema == schema && name.Name == table && IsInSight(level, range))
                {
                    return ColumnOf(range, column, e.At)
                        ?? throw CheckErrors.NoColumn($"{table}.{column}", e.At, NearestColumn([range], column));
                }
            }
        }
        throw MissingRange(scope, table, e.At);
    }

    private static bool IsInSight(Scope level, RangeEntry range) => range.Visible && !level.RangesHidden;

    /// <summary>The innermost level that has the column decides; two ranges of one level that both have it are an error.</summary>
    private static Expr? FindColumn(Scope scope, string name, Span at)
    {
        for (Scope? level = scope; level is not null; level = level.Parent)
        {
            if (level.RangesHidden)
            {
                continue;
            }
            RangeEntry? found = null;
            int index = -1;
            foreach (RangeEntry range in level.Ranges)
            {
                if (!range.Visible || range.QualifiedOnly || range.Merged?.Contains(name) == true)
                {
                    continue;
                }
                int here = range.IndexOf(name);
                if (here < 0)
                {
                    continue;
                }
                if (found is not null)
                {
                    throw CheckErrors.AmbiguousColumn(name, at);
                }
                (found, index) = (range, here);
            }
            if (found is not null)
            {
                return found.Column(index, at);
            }
        }
        return null;
    }

    private static RangeEntry? FindRange(Scope scope, string name)
    {
        for (Scope? level = scope; level is not null; level = level.Parent)
        {
            if (level.RangesHidden)
            {
                continue;
            }
            foreach (RangeEntry range in level.Ranges)
            {
                if (range.Visible && range.Name == name)
                {
                    return range;
                }
            }
        }
        return null;
    }

    private static Expr? ColumnOf(RangeEntry range, string name, Span at)
    {
        int index = range.IndexOf(name);
        return index < 0 ? null : range.Column(index, at);
    }

    private static Expr? WholeRow(Scope scope, string name, Span at)
    {
        if (name.Length == 0 || FindRange(scope, name) is not { } range)
        {
            return null;
        }
        return range.IsScalarFunction
            ? range.Column(0, at)
            : new RowOfRangeExpr(range.Alias) { Type = range.RowType, At = at };
    }

    /// <summary>t.f where f is a function of one row of t: PostgreSQL's computed columns.</summary>
    private UserCallExpr? ComputedColumn(RangeEntry range, string name, Span at)
    {
        if (range.Table is not { } table)
        {
            return null;
        }
        foreach (RoutineShape routine in names.FindRoutines(null, name))
        {
            if (routine.Parameters is [{ Type.RowOf: { } row }] && row == table && !routine.ReturnsSet)
            {
                var argument = new RowOfRangeExpr(range.Alias) { Type = range.RowType, At = at };
                return new UserCallExpr(routine.Name, [argument]) { Type = routine.Result, At = at };
            }
        }
        return null;
    }

    private Expr BindField(FieldExpr e, Scope scope)
    {
        Expr row = Bind(e.Row, scope);
        if (row.Type.Kind != TypeKind.Record)
        {
            throw CheckErrors.Of(
                ErrorCodes.WrongObjectType,
                $"column notation .{e.Field} applied to type {row.Type.SqlName}, which is not a composite type",
                e.At
            );
        }
        foreach (RowField field in row.Type.Fields)
        {
            if (field.Name == e.Field)
            {
                return row switch
                {
                    RowOfRangeExpr range => new ColumnExpr(range.Range, field.Name) { Type = field.Type, At = e.At },
                    VariableExpr variable => new VariableExpr($"{variable.Name}.{field.Name}") { Type = field.Type, At = e.At },
                    _ => e with { Row = row, Type = field.Type },
                };
            }
        }
        throw CheckErrors.Of(
            ErrorCodes.UndefinedColumn,
            row.Type.RowOf is null
                ? $"could not identify column \"{e.Field}\" in record data type"
                : $"column \"{e.Field}\" not found in data type {row.Type.SqlName}",
            e.At
        );
    }

    // ---- errors ----

    private static CheckFailure MissingRange(Scope scope, string name, Span at)
    {
        for (Scope? level = scope; level is not null; level = level.Parent)
        {
            foreach (RangeEntry range in level.Ranges)
            {
                if (range.Name == name)
                {
                    return CheckErrors.Of(
                        ErrorCodes.UndefinedTable,
                        $"invalid reference to FROM-clause entry for table \"{name}\"",
                        at,
                        $"There is an entry for table \"{name}\", but it cannot be referenced from this part of the query."
                    );
                }
                if (range.Table?.Name == name)
                {
                    return CheckErrors.Of(
                        ErrorCodes.UndefinedTable,
                        $"invalid reference to FROM-clause entry for table \"{name}\"",
                        at,
                        $"Perhaps you meant to reference the table alias \"{range.Name}\"."
                    );
                }
            }
        }
        return CheckErrors.Of(ErrorCodes.UndefinedTable, $"missing FROM-clause entry for table \"{name}\"", at);
    }

    private CheckFailure UnknownColumn(Scope scope, string name, Span at)
    {
        var ranges = new List<RangeEntry>();
        for (Scope? level = scope; level is not null; level = level.Parent)
        {
            if (!level.RangesHidden)
            {
                ranges.AddRange(level.Ranges);
            }
        }
        string? near = NearestColumn(ranges, name);
        near ??= variables is null ? null : NearestName.Of(name, variables.Names);
        return CheckErrors.NoColumn($"\"{name}\"", at, near);
    }

    private static string? NearestColumn(List<RangeEntry> ranges, string name)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (RangeEntry range in ranges)
        {
            for (int i = 0; i < range.Fields.Length; i++)
            {
                known.TryAdd(range.NameOf(i), range.Name.Length == 0 ? range.NameOf(i) : $"{range.Name}.{range.NameOf(i)}");
            }
        }
        return NearestName.Of(name, known.Keys) is { } near ? known[near] : null;
    }
}
