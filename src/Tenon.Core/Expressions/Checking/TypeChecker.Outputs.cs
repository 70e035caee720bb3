using System.Collections.Immutable;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// The output of bound queries: conversions of whole columns, and names that a range around the query can rely on.
internal sealed partial class TypeChecker
{
    private static LogicalType[] TypesOfFields(ImmutableArray<RowField> fields)
    {
        var types = new LogicalType[fields.Length];
        for (int i = 0; i < types.Length; i++)
        {
            types[i] = fields[i].Type;
        }
        return types;
    }

    /// <summary>Converts a query's columns where they differ; null where the context does not allow it is the caller's error.</summary>
    private Select CoerceColumns(Select select, LogicalType[] types, CastContext context)
    {
        bool differs = false;
        var output = ImmutableArray.CreateBuilder<RowField>(types.Length);
        for (int i = 0; i < types.Length; i++)
        {
            LogicalType type = select.Output[i].Type;
            differs |= !type.Equals(types[i]);
            output.Add(new RowField(select.Output[i].Name, types[i]));
        }
        if (!differs)
        {
            return select;
        }
        // Conversion under DISTINCT or a set operation could change which rows are equal.
        Select inner = NeedsRange(select, types) ? AsRange(select) : select;
        return inner with { Body = CoerceBody(inner.Body, types, context), Output = output.MoveToImmutable() };
    }

    private static bool NeedsRange(Select select, LogicalType[] types)
    {
        if (select.Body is not (SetOperation { All: false } or SelectCore { Distinct: true }))
        {
            return false;
        }
        for (int i = 0; i < types.Length; i++)
        {
            if (select.Output[i].Type.Kind != TypeKind.Unknown && !select.Output[i].Type.Equals(types[i]))
            {
                return true;
            }
        }
        return false;
    }

    private SelectBody CoerceBody(SelectBody body, LogicalType[] types, CastContext context)
    {
        switch (body)
        {
            case SelectCore core:
                return core with { Items = CoerceItems(core.Items, types, context) };
            case SetOperation set:
                return set with { Left = CoerceBody(set.Left, types, context), Right = CoerceBody(set.Right, types, context) };
            case NestedBody nested:
                return new NestedBody(CoerceColumns(nested.Select, types, context));
            default:
                var rows = ((ValuesBody)body).Rows;
                var coerced = new ImmutableArray<Expr>[rows.Length];
                for (int r = 0; r < coerced.Length; r++)
                {
                    coerced[r] = CoerceRowTo(rows[r], types, context);
                }
                return new ValuesBody(Frozen.AsImmutable(coerced));
        }
    }

    private ImmutableArray<SelectItem> CoerceItems(ImmutableArray<SelectItem> items, LogicalType[] types, CastContext context)
    {
        var coerced = new SelectItem[items.Length];
        for (int i = 0; i < coerced.Length; i++)
        {
            coerced[i] = items[i] with { Value = CoerceCell(items[i].Value, types[i], context) };
        }
        return Frozen.AsImmutable(coerced);
    }

    private ImmutableArray<Expr> CoerceRowTo(ImmutableArray<Expr> row, LogicalType[] types, CastContext context)
    {
        var coerced = new Expr[row.Length];
        for (int i = 0; i < coerced.Length; i++)
        {
            coerced[i] = CoerceCell(row[i], types[i], context);
        }
        return Frozen.AsImmutable(coerced);
    }

    private Expr CoerceCell(Expr value, LogicalType type, CastContext context) =>
        type.Kind == TypeKind.Unknown ? value
        : TryCoerce(value, type, context) is { } coerced ? coerced
        : throw CheckErrors.CannotCast(value.Type, type, value.At);

    /// <summary>select t.a, t.b from (query) t: the same rows with a place to convert them.</summary>
    private Select AsRange(Select select)
    {
        (Select inner, _) = UniqueOutput(select);
        string alias = NewAlias();
        var items = new SelectItem[inner.Output.Length];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = new SelectItem(OutputColumn(inner, alias, i), select.Output[i].Name);
        }
        var core = new SelectCore(Frozen.AsImmutable(items)) { From = new SelectFrom(inner, alias, [], false) };
        return new Select(core) { Output = select.Output, At = select.At };
    }

    /// <summary>
    /// Gives every output column a name of its own, because a range around the query finds columns by name. The second
    /// result is the names the text uses, default when nothing was renamed.
    /// </summary>
    private static (Select Select, ImmutableArray<string> Visible) UniqueOutput(Select select)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        bool unique = true;
        foreach (RowField field in select.Output)
        {
            unique &= used.Add(field.Name);
        }
        if (unique)
        {
            return (select, default);
        }
        used.Clear();
        var fields = ImmutableArray.CreateBuilder<RowField>(select.Output.Length);
        foreach (RowField field in select.Output)
        {
            fields.Add(field with { Name = UniqueName(field.Name, used) });
        }
        var renamed = fields.MoveToImmutable();
        return (select with { Body = WithNames(select.Body, renamed), Output = renamed }, NamesOf(select.Output));
    }

    private static SelectBody WithNames(SelectBody body, ImmutableArray<RowField> fields)
    {
        switch (body)
        {
            case SelectCore core:
                var items = new SelectItem[core.Items.Length];
                for (int i = 0; i < items.Length; i++)
                {
                    items[i] = core.Items[i] with { Alias = fields[i].Name };
                }
                return core with { Items = Frozen.AsImmutable(items) };
            case SetOperation set:
                return set with { Left = WithNames(set.Left, fields) };
            case NestedBody nested:
                return new NestedBody(nested.Select with { Body = WithNames(nested.Select.Body, fields), Output = fields });
            default:
                return body;
        }
    }

    private static string UniqueName(string name, HashSet<string> used)
    {
        string candidate = name;
        for (int i = 1; !used.Add(candidate); i++)
        {
            candidate = $"{name}_{i}";
        }
        return candidate;
    }

    /// <summary>The name PostgreSQL gives a select item without AS.</summary>
    private static string DerivedName(Expr syntax) =>
        syntax switch
        {
            NameExpr e => e.Parts[^1],
            CallExpr e => e.Name,
            FieldExpr e => e.Field,
            CastExpr e => DerivedName(e.Operand) is var inner && inner != "?column?" ? inner : e.Target.Name[^1],
            SubscriptExpr e => DerivedName(e.Array),
            CoalesceExpr => "coalesce",
            CaseExpr { Else: { } otherwise } => DerivedName(otherwise) is var inner && inner != "?column?" ? inner : "case",
            CaseExpr => "case",
            ExistsExpr => "exists",
            ArrayExpr or ArraySelectExpr => "array",
            RowExpr => "row",
            ScalarSelectExpr { Select.Body: SelectCore { Items: [var item] } } => item.Alias ?? DerivedName(item.Value),
            ConstantExpr { Type.Kind: TypeKind.Boolean } => "bool",
            ColumnExpr e => e.Column,
            _ => "?column?",
        };
}
