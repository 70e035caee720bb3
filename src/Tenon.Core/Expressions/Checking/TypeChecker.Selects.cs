using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// Queries: with, set operations, values, limits, and the forms of a query as a value.
internal sealed partial class TypeChecker
{
    /// <summary>
    /// Binds a query. With <paramref name="keepUnknown"/> untyped literals of its output stay untyped, because whoever
    /// uses the query (insert, union) knows better what they are.
    /// </summary>
    private Select BindSelect(Select select, Scope? parent, bool keepUnknown)
    {
        if (++depth > MaxDepth)
        {
            throw CheckErrors.TooDeep(select.At);
        }
        var level = new Scope(parent) { NoAggregates = null, NoWindows = null };
        var with = BindWith(select.With, level);
        Select bound = select.Body switch
        {
            SelectCore core => BindCoreSelect(select, core, level, keepUnknown),
            _ => BindBodySelect(select, level, keepUnknown),
        };
        var limits = new Scope(parent) { NoAggregates = "LIMIT" };
        bound = bound with
        {
            With = with.AddRange(bound.With),
            Limit = BindLimit(select.Limit, limits, "LIMIT"),
            Offset = BindLimit(select.Offset, limits, "OFFSET"),
        };
        depth--;
        return bound;
    }

    private Expr? BindLimit(Expr? syntax, Scope scope, string clause)
    {
        if (syntax is null)
        {
            return null;
        }
        scope.NoAggregates = clause;
        Expr bound = Bind(syntax, scope);
        return TryCoerce(bound, LogicalType.Int8, CastContext.Assignment)
            ?? throw CheckErrors.Of(
                ErrorCodes.DatatypeMismatch,
                $"argument of {clause} must be type bigint, not type {bound.Type.SqlName}",
                syntax.At
            );
    }

    // ---- with ----

    private ImmutableArray<CommonTable> BindWith(ImmutableArray<CommonTable> tables, Scope level)
    {
        if (tables.IsEmpty)
        {
            return [];
        }
        level.CommonTables = new Dictionary<string, CommonTableEntry>(StringComparer.Ordinal);
        var bound = new CommonTable[tables.Length];
        for (int i = 0; i < bound.Length; i++)
        {
            CommonTable table = tables[i];
            if (level.CommonTables.ContainsKey(table.Name))
            {
                throw CheckErrors.Of(
                    ErrorCodes.DuplicateAlias,
                    $"WITH query name \"{table.Name}\" specified more than once",
                    table.At
                );
            }
            // A name that no table can have by chance: what is written into this query later (policies, views) must not
            // meet a common table where it means a table.
            string name = $"with {nextCommonTable++}";
            bound[i] = table.Recursive && RecursiveParts(table) is { } parts
                ? BindRecursive(table, name, parts, level)
                : BindCommonTable(table, name, level);
        }
        return Frozen.AsImmutable(bound);
    }

    private CommonTable BindCommonTable(CommonTable table, string name, Scope level)
    {
        Statement body = BindStatement(table.Body, level);
        ImmutableArray<RowField> fields;
        if (body is SelectStatement query)
        {
            (Select select, _) = UniqueOutput(query.Select);
            body = query with { Select = select };
            fields = NamedFields(query.Select.Output, table);
        }
        else
        {
            fields = NamedFields(ReturningFields(body), table);
        }
        level.CommonTables![table.Name] = new CommonTableEntry(name, fields);
        return table with { Name = name, Columns = NamesOf(fields), Body = body, Recursive = false };
    }

    /// <summary>The output of a common table under the names of its column list, each name once.</summary>
    private static ImmutableArray<RowField> NamedFields(ImmutableArray<RowField> output, CommonTable table)
    {
        if (table.Columns.Length > output.Length)
        {
            throw CheckErrors.Of(
                ErrorCodes.InvalidColumnReference,
                $"WITH query \"{table.Name}\" has {output.Length} columns available but {table.Columns.Length} columns specified",
                table.At
            );
        }
        var fields = ImmutableArray.CreateBuilder<RowField>(output.Length);
        var used = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < output.Length; i++)
        {
            string name = i < table.Columns.Length ? table.Columns[i] : output[i].Name;
            fields.Add(new RowField(UniqueName(name, used), output[i].Type));
        }
        return fields.MoveToImmutable();
    }

    private static ImmutableArray<string> NamesOf(ImmutableArray<RowField> fields)
    {
        var list = ImmutableArray.CreateBuilder<string>(fields.Length);
        foreach (RowField field in fields)
        {
            list.Add(field.Name);
        }
        return list.MoveToImmutable();
    }

    private static (Select Query, SetOperation Union)? RecursiveParts(CommonTable table) =>
        table.Body is SelectStatement { Select: { Body: SetOperation { Operator: SetOperator.Union } union } query }
        && MentionsTable.In(union.Right, table.Name)
            ? (query, union)
            : null;

    // The first arm gives names and types; the second sees the table under them and is converted to them.
    private CommonTable BindRecursive(CommonTable table, string name, (Select Query, SetOperation Union) parts, Scope level)
    {
        (Select query, SetOperation union) = parts;
        if (!query.OrderBy.IsEmpty || query.Limit is not null || query.Offset is not null)
        {
            throw CheckErrors.NotSupported("ORDER BY or LIMIT in a recursive query", query.At);
        }
        if (!query.With.IsEmpty)
        {
            throw CheckErrors.NotSupported("WITH inside a recursive query", query.At);
        }
        Select first = BindArm(union.Left, level, keepUnknown: false);
        (first, _) = UniqueOutput(first);
        var fields = NamedFields(first.Output, table);
        level.CommonTables![table.Name] = new CommonTableEntry(name, fields);
        Select second = BindArm(union.Right, level, keepUnknown: true);
        RequireSameWidth(union, first, second, query.At);
        var types = TypesOfFields(first.Output);
        for (int i = 0; i < types.Length; i++)
        {
            LogicalType other = second.Output[i].Type;
            if (other.Kind != TypeKind.Unknown && !TypeFacts.Same(types[i], TypeFacts.Common(types[i], other) ?? LogicalType.Void))
            {
                throw CheckErrors.Of(
                    ErrorCodes.DatatypeMismatch,
                    $"recursive query \"{table.Name}\" column {i + 1} has type {types[i].SqlName} in non-recursive term but type {other.SqlName} overall",
                    query.At,
                    "Cast the output of the non-recursive term to the correct type."
                );
            }
        }
        second = CoerceColumns(second, types, CastContext.Implicit);
        var body = new SetOperation(SetOperator.Union, union.All, AsBody(first), AsBody(second));
        var select = new Select(body) { Output = fields, At = query.At };
        return table with { Name = name, Columns = NamesOf(fields), Body = new SelectStatement(select) { At = table.At } };
    }

    // ---- set operations and values ----

    private Select BindBodySelect(Select select, Scope level, bool keepUnknown)
    {
        Select bound = BindArm(select.Body, level, keepUnknown && select.OrderBy.IsEmpty);
        bound = select with { Body = AsBody(bound), Output = bound.Output, OrderBy = [], With = [] };
        return select.OrderBy.IsEmpty ? bound : OrderedByOutput(bound, select.OrderBy);
    }

    private Select BindArm(SelectBody body, Scope level, bool keepUnknown)
    {
        switch (body)
        {
            case SetOperation set:
                return BindSetOperation(set, level);
            case ValuesBody values:
                return BindValues(values, level, keepUnknown);
            case NestedBody nested:
                return BindSelect(nested.Select, level, keepUnknown);
            default:
                return BindSelect(new Select(body), level, keepUnknown);
        }
    }

    /// <summary>A bound query as an operand: without the wrapper when it is nothing but a body.</summary>
    private static SelectBody AsBody(Select select) =>
        select is { With.IsEmpty: true, OrderBy.IsEmpty: true, Limit: null, Offset: null } ? select.Body : new NestedBody(select);

    private Select BindSetOperation(SetOperation set, Scope level)
    {
        if (++depth > MaxDepth)
        {
            throw CheckErrors.TooDeep(Span.None);
        }
        Select left = BindArm(set.Left, level, keepUnknown: true);
        Select right = BindArm(set.Right, level, keepUnknown: true);
        depth--;
        RequireSameWidth(set, left, right, left.At);
        string construct = set.Operator.ToString().ToUpperInvariant();
        var types = new LogicalType[left.Output.Length];
        var output = ImmutableArray.CreateBuilder<RowField>(types.Length);
        for (int i = 0; i < types.Length; i++)
        {
            (LogicalType a, LogicalType b) = (left.Output[i].Type, right.Output[i].Type);
            types[i] = TypeFacts.Common(a, b) ?? throw NoCommonType(a, b, construct, right.At);
            types[i] = types[i].Kind == TypeKind.Unknown ? LogicalType.Text : types[i];
            output.Add(new RowField(left.Output[i].Name, types[i]));
        }
        left = CoerceColumns(left, types, CastContext.Implicit);
        right = CoerceColumns(right, types, CastContext.Implicit);
        return new Select(set with { Left = AsBody(left), Right = AsBody(right) }) { Output = output.MoveToImmutable(), At = left.At };
    }

    private static void RequireSameWidth(SetOperation set, Select left, Select right, Span at)
    {
        if (left.Output.Length != right.Output.Length)
        {
            throw CheckErrors.Of(
                ErrorCodes.SyntaxError,
                $"each {set.Operator.ToString().ToUpperInvariant()} query must have the same number of columns",
                at
            );
        }
    }

    private Select BindValues(ValuesBody values, Scope level, bool keepUnknown)
    {
        int width = values.Rows.IsEmpty ? 0 : values.Rows[0].Length;
        var rows = new ImmutableArray<Expr>[values.Rows.Length];
        for (int r = 0; r < rows.Length; r++)
        {
            rows[r] = BindAll(values.Rows[r], level);
        }
        var types = new LogicalType[width];
        var output = ImmutableArray.CreateBuilder<RowField>(width);
        for (int c = 0; c < width; c++)
        {
            LogicalType type = LogicalType.Unknown;
            foreach (var row in rows)
            {
                type = TypeFacts.Common(type, row[c].Type) ?? throw NoCommonType(type, row[c].Type, "VALUES", row[c].At);
            }
            types[c] = type.Kind == TypeKind.Unknown && !keepUnknown ? LogicalType.Text : type;
            output.Add(new RowField($"column{c + 1}", types[c]));
        }
        SelectBody body = CoerceBody(new ValuesBody(Frozen.AsImmutable(rows)), types, CastContext.Implicit);
        return new Select(body) { Output = output.MoveToImmutable() };
    }

    /// <summary>Order of a set operation: by its output, so the operation becomes a range of its own.</summary>
    private Select OrderedByOutput(Select operation, ImmutableArray<OrderItem> orderBy)
    {
        (Select inner, _) = UniqueOutput(operation with { Limit = null, Offset = null });
        string alias = NewAlias();
        var keys = new OrderItem[orderBy.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            int index = OutputIndex(orderBy[i].Key, operation.Output);
            keys[i] = orderBy[i] with { Key = OutputColumn(inner, alias, index) };
        }
        var items = new SelectItem[inner.Output.Length];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = new SelectItem(OutputColumn(inner, alias, i), operation.Output[i].Name);
        }
        var core = new SelectCore(Frozen.AsImmutable(items)) { From = new SelectFrom(inner, alias, [], false) };
        return new Select(core) { Output = operation.Output, OrderBy = Frozen.AsImmutable(keys), At = operation.At };
    }

    private static ColumnExpr OutputColumn(Select inner, string alias, int index) =>
        new(alias, inner.Output[index].Name) { Type = inner.Output[index].Type };

    private static int OutputIndex(Expr key, ImmutableArray<RowField> output)
    {
        if (key is NumberExpr number)
        {
            return Ordinal(number, output.Length, "ORDER BY");
        }
        if (key is NameExpr { Parts: [var name] })
        {
            for (int i = 0; i < output.Length; i++)
            {
                if (output[i].Name == name)
                {
                    return i;
                }
            }
            throw CheckErrors.NoColumn($"\"{name}\"", key.At, null);
        }
        throw CheckErrors.Of(
            ErrorCodes.FeatureNotSupported,
            "invalid UNION/INTERSECT/EXCEPT ORDER BY clause",
            key.At,
            "Add the expression/function to every SELECT, or move the UNION into a FROM clause.",
            "Only result column names can be used, not expressions or functions."
        );
    }

    private static int Ordinal(NumberExpr number, int count, string clause)
    {
        if (!int.TryParse(number.Text, out int position))
        {
            throw CheckErrors.Of(ErrorCodes.SyntaxError, $"non-integer constant in {clause}", number.At);
        }
        return position >= 1 && position <= count
            ? position - 1
            : throw CheckErrors.Of(ErrorCodes.InvalidColumnReference, $"{clause} position {position} is not in select list", number.At);
    }

    // ---- a query as a value ----

    private Expr BindScalarSelect(ScalarSelectExpr e, Scope scope)
    {
        Select select = BindSelect(e.Select, scope, keepUnknown: false);
        if (select.Output.Length != 1)
        {
            throw CheckErrors.Of(ErrorCodes.SyntaxError, "subquery must return only one column", e.At);
        }
        return Unwrapped(select) is { } value
            ? value with { At = e.At }
            : e with { Select = select, Type = select.Output[0].Type };
    }

    /// <summary>(select auth.uid()) is auth.uid(): a query without from over constants of the request has one row.</summary>
    private static Expr? Unwrapped(Select select)
    {
        if (
            select is not { With.IsEmpty: true, Limit: null, Offset: null }
            || select.Body
                is not SelectCore { From: null, Where: null, GroupBy.IsEmpty: true, Having: null, Items: [{ Value: var value }] }
        )
        {
            return null;
        }
        if (value is ContextExpr or ConstantExpr or ParameterExpr)
        {
            return value;
        }
        ExprFacts facts = ExprFacts.Of(value);
        bool plain = !facts.HasSubquery && !facts.HasAggregate && !facts.HasWindow && !facts.HasVolatile && !facts.HasUserCall;
        return plain ? value : null;
    }

    private ArraySelectExpr BindArraySelect(ArraySelectExpr e, Scope scope)
    {
        Select select = BindSelect(e.Select, scope, keepUnknown: false);
        if (select.Output.Length != 1)
        {
            throw CheckErrors.Of(ErrorCodes.SyntaxError, "subquery must return only one column", e.At);
        }
        LogicalType element = select.Output[0].Type;
        return element.Kind == TypeKind.Array
            ? throw CheckErrors.NotSupported("an array of arrays", e.At)
            : e with { Select = select, Type = LogicalType.ArrayOf(element.Unmodified) };
    }
}

/// <summary>Whether a query body names a table without a schema: what makes a common table recursive.</summary>
internal sealed class MentionsTable(string name) : ExprVisitor
{
    private bool found;

    public static bool In(SelectBody body, string name)
    {
        var finder = new MentionsTable(name);
        finder.VisitBody(body);
        return finder.found;
    }

    public override void VisitFrom(FromItem from)
    {
        found |= from is TableFrom table && table.Name.Schema.Length == 0 && table.Name.Name == name;
        base.VisitFrom(from);
    }
}
