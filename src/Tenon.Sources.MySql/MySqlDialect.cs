using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>
/// Bound, guarded trees → MariaDB's SQL (ANSI_QUOTES). Equality of texts is that of their bytes whatever a column's collation,
/// with the column's own comparison beside it so that an index serves; their order is the column's own. What consists of the
/// caller's values alone is computed before the statement runs. What MariaDB would answer differently is refused.
/// </summary>
internal partial class MySqlDialect : SqlWriter
{
    private readonly MySqlFacts facts;
    private readonly Dictionary<string, QualifiedName> tables = new(StringComparer.Ordinal);

    protected MySqlDialect(MySqlFacts facts) => this.facts = facts;

    protected override string ParameterMark => "@p";

    /// <summary>The schema in the catalog is Tenon's own name for the source, not a database's.</summary>
    protected override void TableName(QualifiedName name)
    {
        if (facts.Find(name)?.Database is { } database)
        {
            Identifier(database).Syntax(".");
        }
        Identifier(name.Name);
    }

    public static MySqlCompiled Compile(Select select, MySqlFacts facts)
    {
        var dialect = new MySqlDialect(facts);
        dialect.WriteQuery(select);
        return dialect.Finished(select.Output);
    }

    /// <summary>A statement of a read; of a child also the form for one parent, where it may pay to read them so.</summary>
    public static MySqlCompiled Compile(ReadUnit unit, MySqlFacts facts, PerParentChoice choice)
    {
        var dialect = new MySqlDialect(facts);
        dialect.Learn(unit.Select);
        dialect.Write(MySqlOutward.Of(unit, facts));
        return dialect.Finished(unit.Select.Output, MySqlOneParent.Of(unit, facts, choice), IsOfParents(unit));
    }

    /// <summary>Its rows say in their first column whose they are.</summary>
    private static bool IsOfParents(ReadUnit unit) => unit.Select.Body is SelectCore { Items: [{ Value: ParentOrdinalExpr }, ..] };

    /// <summary>A whole query with results as <see cref="MySqlReader"/> reads them.</summary>
    protected void WriteQuery(Select select)
    {
        Learn(select);
        Write(MySqlOutward.Of(select, facts));
    }

    protected void Learn(Select select) => new MySqlRanges(tables).VisitSelect(select);

    protected void Learn(Expr expr) => new MySqlRanges(tables).Visit(expr);

    protected MySqlCompiled Finished(ImmutableArray<RowField> output, MySqlOneParent? oneParent = null, bool isOfParents = false)
    {
        LogicalType[] types = [.. output.Select(f => f.Type)];
        return new MySqlCompiled(Finish(), types, [.. types.Select(MySqlSource.Form)]) { OneParent = oneParent, IsOfParents = isOfParents };
    }

    protected void Learn(string range, QualifiedName table) => tables[range] = table;

    private ColumnFacts? FactsOf(Expr expr) =>
        Bare(expr) is ColumnExpr column && tables.TryGetValue(column.Range, out QualifiedName table) ? facts.Find(table, column.Column) : null;

    /// <summary>Without conversions that change nothing here: a varchar compared as text is its column still.</summary>
    public static Expr Bare(Expr expr) => expr is ConvertExpr convert && IsSame(convert.Operand.Type, convert.Type) ? Bare(convert.Operand) : expr;

    // ---- values ----

    protected override void WriteColumn(ColumnExpr column)
    {
        bool bit = FactsOf(column) is { IsBit: true };
        Syntax(bit ? "(" : "");
        base.WriteColumn(column);
        Syntax(bit ? " + 0)" : "");
    }

    protected override void WriteConstant(ConstantExpr constant)
    {
        Datum value = constant.Value;
        switch (value.Kind)
        {
            case DatumKind.Null:
                Syntax("null");
                break;
            case DatumKind.Integer when constant.Type.Kind == TypeKind.Boolean:
                Syntax(value.Boolean ? "true" : "false");
                break;
            case DatumKind.Integer when constant.Type.IsInteger:
                Number(value.Integer);
                break;
            case DatumKind.Text when constant.Type.Kind is not TypeKind.Array:
                Literal(value.Text);
                break;
            default:
                WriteParameter(constant);
                break;
        }
    }

    protected override void WriteParameter(Expr origin)
    {
        string? cast = CastOf(origin.Type);
        Syntax(cast is null ? "" : "cast(");
        Parameter(origin, origin.Type);
        Syntax(cast ?? "");
    }

    // A value compared as the type of its column, never as text or as a double.
    private static string? CastOf(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Numeric => " as decimal(65,30))",
            TypeKind.Date => " as date)",
            TypeKind.Timestamp or TypeKind.TimestampTz => " as datetime(6))",
            TypeKind.Time or TypeKind.Interval => " as time(6))",
            TypeKind.Uuid => " as uuid)",
            _ => null,
        };

    private static bool IsValue(Expr expr) => expr is ConstantExpr or ParameterExpr or ContextExpr or VariableExpr || IsOfTheCaller(expr);

    /// <summary>Made of values of the request alone: one value per statement.</summary>
    private static bool IsOfTheCaller(Expr expr)
    {
        ExprFacts found = ExprFacts.Of(expr);
        return found is { HasSubquery: false, HasAggregate: false, HasWindow: false, HasVolatile: false, HasUserCall: false, WholeRows.Count: 0, Columns.Count: 0 }
            && !Others.In(expr);
    }

    private sealed class Others : ExprVisitor
    {
        private bool found;

        public static bool In(Expr expr)
        {
            var others = new Others();
            others.Visit(expr);
            return others.found;
        }

        public override void Visit(Expr expr)
        {
            found |= expr is RowKeyExpr or ParentKeyExpr or ParentOrdinalExpr or RowCellExpr or NativeExpr or KeyEqualExpr or OutwardExpr or ExactExpr;
            base.Visit(expr);
        }
    }

    // ---- comparisons ----

    protected override void WriteComparison(string comparison, Expr left, Expr right)
    {
        LogicalType type = left.Type.Kind == TypeKind.Unknown ? right.Type : left.Type;
        bool equality = comparison is "=" or "<>" or "<=>";
        if (type.IsString)
        {
            WriteTexts(comparison, left, right);
        }
        else if (type.Kind == TypeKind.Enum && !equality)
        {
            WriteRanks(comparison, left, right);
        }
        else if (type.IsJson)
        {
            throw Refusals.NotSupported("comparing json values on this source").ToException();
        }
        else
        {
            WriteInfix(comparison, left, right);
        }
    }

    private void WriteInfix(string infix, Expr left, Expr right)
    {
        Syntax("(");
        Write(left);
        Syntax(" ").Syntax(infix).Syntax(" ");
        Write(right);
        Syntax(")");
    }

    private void WriteTexts(string comparison, Expr left, Expr right)
    {
        if (comparison is not ("=" or "<>" or "<=>") && HasOneOrder(left, right))
        {
            WriteInfix(comparison, left, right);
            return;
        }
        bool indexed = comparison == "=" && IsIndexable(left, right);
        Syntax("(");
        if (indexed)
        {
            Write(left);
            Syntax(" = ");
            Write(right);
            Syntax(" and ");
        }
        WriteExact(left);
        Syntax(" ").Syntax(comparison).Syntax(" ");
        WriteExact(right);
        Syntax(")");
    }

    /// <summary>One of them is a column whose order is taken. Of two that are none, or differ, the database would not know which.</summary>
    private bool HasOneOrder(Expr left, Expr right)
    {
        (string? a, string? b) = (FactsOf(left)?.Collation, FactsOf(right)?.Collation);
        return (a is null) != (b is null) || (a is not null && a == b);
    }

    /// <summary>The column's own comparison says more than the exact one, and its index answers it.</summary>
    private bool IsIndexable(Expr left, Expr right)
    {
        ColumnFacts? a = FactsOf(left);
        ColumnFacts? b = FactsOf(right);
        bool differs = a is { IsExact: false } || b is { IsExact: false };
        return differs && (a is null ? IsValue(left) : b is null ? IsValue(right) : a.Collation == b.Collation);
    }

    /// <summary>The text compared by its bytes.</summary>
    protected void WriteExact(Expr text)
    {
        ColumnFacts? known = FactsOf(text);
        if (known is { IsExact: true })
        {
            Write(text);
            return;
        }
        bool converted = known is not { IsUtf8: true } && text is not ConstantExpr;
        Syntax(converted ? "convert(" : "");
        Write(text);
        Syntax(converted ? " using utf8mb4)" : "").Syntax(" collate utf8mb4_nopad_bin");
    }

    private void WriteRanks(string comparison, Expr left, Expr right)
    {
        Syntax("(");
        WriteRank(left);
        Syntax(" ").Syntax(comparison).Syntax(" ");
        WriteRank(right);
        Syntax(")");
    }

    private void WriteRank(Expr value)
    {
        Syntax("nullif(field(");
        Write(value);
        foreach (string label in value.Type.Enum!.Labels)
        {
            Syntax(", ").Literal(label);
        }
        Syntax("), 0)");
    }

    protected override void WriteDistinctFrom(DistinctExpr distinct)
    {
        Syntax(distinct.Negated ? "(" : "(not ");
        WriteComparison("<=>", distinct.Left, distinct.Right);
        Syntax(")");
    }

    protected override void WriteInSelect(InSelectExpr membership)
    {
        Syntax("(");
        if (membership.Operand.Type.IsString)
        {
            WriteExact(membership.Operand);
        }
        else
        {
            Write(membership.Operand);
        }
        Syntax(membership.Negated ? " not in (" : " in (");
        if (membership.Select is { Limit: null, Offset: null })
        {
            Write(membership.Select);
        }
        else
        {
            WriteLimited(membership.Select);
        }
        Syntax("))");
    }

    // A limit is not taken in a subquery of IN, but in a table made of one, which cannot name the row outside.
    private void WriteLimited(Select select)
    {
        if (MySqlRanges.NamesOthers(select))
        {
            throw Refusals.NotSupported("a limit in a subquery of IN that names a column outside of it on this source", "Use exists, or = with a limit of 1.").ToException();
        }
        Syntax("select * from ");
        WriteDerived(new SelectFrom(select, "tenon: limited", [], Lateral: false));
    }

    protected override void WriteTest(TestExpr test)
    {
        if (test.Kind != TestKind.Unknown)
        {
            base.WriteTest(test);
            return;
        }
        Syntax("(");
        Write(test.Operand);
        Syntax(test.Negated ? " is not unknown)" : " is unknown)");
    }

    // ---- order, limit ----

    protected override void WriteOrderKey(OrderItem item)
    {
        if (item.Key.Type.IsJson)
        {
            throw Refusals.NotSupported("an order by json on this source").ToException();
        }
        // Nulls are the smallest here and the largest in PostgreSQL; a key of its own puts them where they belong.
        if (!item.NeverNull && item.NullsFirst == item.Descending)
        {
            Syntax("(");
            Write(item.Key);
            Syntax(item.NullsFirst ? ") is null desc, " : ") is null, ");
        }
        Write(item.Key);
        Syntax(item.Descending ? " desc" : "");
    }

    protected override void WriteLimit(Expr? limit, Expr? offset)
    {
        if (limit is null && offset is null)
        {
            return;
        }
        Syntax(" limit ");
        if (limit is null)
        {
            Syntax("18446744073709551615");
        }
        else
        {
            Write(limit);
        }
        if (offset is not null)
        {
            Syntax(" offset ");
            Write(offset);
        }
    }

    /// <summary>Two columns of one name in a derived table are an error here, even where nothing names them.</summary>
    protected override void WriteDerived(SelectFrom derived)
    {
        MySqlRanges.DemandAlone(derived.Select);
        bool named = derived.Select.Body is SelectCore && derived.ColumnAliases.IsEmpty;
        base.WriteDerived(named ? derived with { Select = WithUniqueNames(derived.Select) } : derived);
    }

    private static Select WithUniqueNames(Select select)
    {
        var core = (SelectCore)select.Body;
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        SelectItem Unique(SelectItem item, int place)
        {
            string? name = item.Alias ?? (item.Value as ColumnExpr)?.Column;
            return name is not null && seen.Add(name) ? item : item with { Alias = string.Create(CultureInfo.InvariantCulture, $"tenon: {place}") };
        }
        return select with { Body = core with { Items = [.. core.Items.Select(Unique)] } };
    }

    // A collation's name comes from the database's own list; anything but a plain word is not one.
    private static string Known(string collation) =>
        collation.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? collation : throw new InvalidOperationException("not a collation");

    protected override void WriteOther(Expr expr)
    {
        switch (expr)
        {
            case OutwardExpr outward:
                WriteOutward(outward.Value);
                break;
            case ExactExpr exact:
                WriteExact(exact.Value);
                break;
            case KeyEqualExpr key:
                WriteKeyEqual(key);
                break;
            case FoundExpr found:
                WriteFound(found.Membership);
                break;
            case WithinExpr within:
                WriteWithin(within);
                break;
            case ParentOrdinalExpr ordinal:
                WriteOrdinal(ordinal);
                break;
            case RowCellExpr or KeptExpr:
                WriteParameter(expr);
                break;
            case NativeExpr native:
                Syntax("(").Syntax(native.Sql).Syntax(")");
                break;
            case RowKeyExpr or RowOfRangeExpr:
                throw Refusals.NotSupported("a whole row as a value on this source").ToException();
            default:
                base.WriteOther(expr);
                break;
        }
    }
}
