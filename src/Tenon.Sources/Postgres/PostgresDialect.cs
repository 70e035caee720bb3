using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres;

/// <summary>
/// Bound, guarded trees → PostgreSQL's SQL, whose meaning the trees have already: operators and functions go by their own
/// names, values carry their type, so that no overload is ambiguous. Results come out as <see cref="PostgresReader"/> reads
/// them: arrays and rows as JSON, jsonb, numeric and types of PostgreSQL only as text.
/// </summary>
internal partial class PostgresDialect : SqlWriter
{
    protected override string ParameterMark => "$";

    protected override void TableName(QualifiedName name) => Qualified(name);

    /// <summary>The name of a type or function in its schema.</summary>
    protected void Qualified(QualifiedName name) => Identifier(name.Schema).Syntax(".").Identifier(name.Name);

    private readonly List<ParameterExpr> limits = [];
    private readonly List<ParameterExpr> offsets = [];
    private PageNumbers? page;

    public static PostgresCompiled Compile(Select select) => Compile(select, null);

    private static PostgresCompiled Compile(Select select, PageNumbers? page)
    {
        var dialect = new PostgresDialect { page = page };
        dialect.Write(PostgresOutward.Of(select));
        PageForms? forms = dialect.limits.Count + dialect.offsets.Count > 0 && page is null
            ? new PageForms([.. dialect.limits.Distinct()], [.. dialect.offsets.Distinct()], known => Compile(select, known))
            : null;
        return Finished(dialect, select.Output, forms);
    }

    private static PostgresCompiled Finished(PostgresDialect dialect, ImmutableArray<RowField> output, PageForms? pages)
    {
        LogicalType[] types = [.. output.Select(f => f.Type)];
        return new PostgresCompiled(dialect.Finish(), types, [.. types.Select(PostgresSource.Form)]) { Pages = pages };
    }

    protected static PostgresCompiled Finished(PostgresDialect dialect, ImmutableArray<RowField> output, bool tellsInserted = false)
    {
        LogicalType[] types = [.. output.Select(f => f.Type)];
        return new PostgresCompiled(dialect.Finish(), types, [.. types.Select(PostgresSource.Form)]) { TellsInserted = tellsInserted };
    }

    // ---- types and values ----

    protected internal void TypeName(LogicalType type)
    {
        switch (type.Kind)
        {
            case TypeKind.Array:
                TypeName(type.Element!);
                Syntax("[]");
                break;
            case TypeKind.Enum:
                Qualified(type.Enum!.Name);
                break;
            case TypeKind.Record when type.RowOf is { } row:
                Qualified(row);
                break;
            case TypeKind.Char when type.Length is null:
                // character without a length would be character(1), and cut the value.
                Syntax("bpchar");
                break;
            case TypeKind.Text when type.NativeName == "bit":
                // As above: bit without a length would be bit(1); quoted it has any.
                Syntax("\"bit\"");
                break;
            case TypeKind.Unknown:
                Syntax("text");
                break;
            default:
                Syntax(type.SqlName);
                break;
        }
    }

    /// <summary>Text without a type of its own takes the one beside it, as a quoted literal does: enums and citext compare so.</summary>
    private static bool IsUntyped(LogicalType type) => type is { Kind: TypeKind.Text or TypeKind.Varchar or TypeKind.Unknown, NativeName: null };

    private void Cast(LogicalType type)
    {
        if (!IsUntyped(type))
        {
            Syntax("::");
            TypeName(type.Unmodified);
        }
    }

    protected override void WriteConstant(ConstantExpr constant)
    {
        Datum value = constant.Value;
        switch (value.Kind)
        {
            case DatumKind.Null:
                Syntax("null");
                Cast(constant.Type);
                break;
            case DatumKind.Integer when constant.Type.Kind == TypeKind.Boolean:
                Syntax(value.Boolean ? "true" : "false");
                break;
            case DatumKind.Integer when constant.Type.Kind == TypeKind.Int4 && value.Integer >= 0:
                Number(value.Integer);
                break;
            default:
                Literal(TypeOutput.ToText(constant.Type, value));
                Cast(constant.Type);
                break;
        }
    }

    protected override void WriteParameter(Expr origin)
    {
        if (PostgresBinding.HoldsRows(origin.Type))
        {
            // Rows come as JSON, which is no literal of their type.
            Syntax("(select v from json_to_record(json_build_object('v', ");
            Parameter(origin, origin.Type);
            Syntax("::json)) as j(v ");
            TypeName(origin.Type);
            Syntax("))");
            return;
        }
        Parameter(origin, origin.Type);
        Cast(origin.Type);
    }

    // ---- comparisons, order ----

    protected override void WriteComparison(string comparison, Expr left, Expr right)
    {
        Syntax("(");
        Write(left);
        Syntax(" ").Syntax(comparison).Syntax(" ");
        Write(right);
        Syntax(")");
    }

    protected override void WriteDistinctFrom(DistinctExpr distinct) =>
        WriteComparison(distinct.Negated ? "is not distinct from" : "is distinct from", distinct.Left, distinct.Right);

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

    protected override void WriteOrderKey(OrderItem item)
    {
        Write(item.Key);
        Syntax(item.Descending ? " desc" : "");
        // By default nulls come last when ascending and first when descending.
        if (!item.NeverNull && item.NullsFirst != item.Descending)
        {
            Syntax(item.NullsFirst ? " nulls first" : " nulls last");
        }
    }

    protected override void WriteLimit(Expr? limit, Expr? offset)
    {
        if (limit is not null)
        {
            CollectParameters(limit, limits);
            WritePage(" limit ", limit);
        }
        if (offset is not null)
        {
            CollectParameters(offset, offsets);
            WritePage(" offset ", offset);
        }
    }

    private void WritePage(string word, Expr number)
    {
        switch (PageNumbers.Of(number, page))
        {
            case null:
                Syntax(word);
                Write(number);
                break;
            case PageNumbers.All:
            case 0 when word == " offset ":
                break;
            case { } known:
                Syntax(word).Number(known);
                break;
        }
    }

    // The rows to skip per parent are read with the others: their number adds to a limit.
    private void CollectParameters(Expr number, List<ParameterExpr> into)
    {
        switch (number)
        {
            case ParameterExpr parameter:
                into.Add(parameter);
                break;
            case SumExpr sum:
                CollectParameters(sum.Left, into);
                CollectParameters(sum.Right, offsets);
                break;
            case MostRowsExpr { Limit: { } limit }:
                CollectParameters(limit, into);
                break;
        }
    }

    // ---- from ----

    protected override void WriteDerived(SelectFrom derived)
    {
        Syntax(derived.Lateral ? "lateral (" : "(");
        Write(derived.Select);
        Syntax(") as ").Identifier(derived.Alias);
        WriteAliasColumns(derived.ColumnAliases);
    }

    protected override void WriteAliasColumns(ImmutableArray<string> names) => WriteColumnAliases(names);

    protected override void WriteOtherFrom(FromItem from)
    {
        if (from is not ParentKeysFrom keys)
        {
            base.WriteOtherFrom(from);
            return;
        }
        Syntax("unnest(");
        for (int i = 0; i < keys.Types.Length; i++)
        {
            Syntax(i > 0 ? ", " : "");
            WriteKeys(keys.Types[i], i);
        }
        Syntax(") with ordinality as ").Identifier(keys.Alias).Syntax("(");
        for (int i = 0; i < keys.Types.Length; i++)
        {
            Identifier(KeyName(i)).Syntax(", ");
        }
        Identifier("n").Syntax(")");
    }

    /// <summary>Which of several keys is in the parameter's scale, which keys have no other use for.</summary>
    private void WriteKeys(LogicalType type, int index)
    {
        LogicalType sent = type.IsInteger ? LogicalType.Int8 : type.Unmodified;
        Parameter(SqlParameter.KeysOfParent, sent, ParameterForm.Elements, index);
        Syntax(type.IsInteger ? "::bigint[]" : type.Kind == TypeKind.Uuid ? "::uuid[]" : "::text[]");
        if (!type.IsInteger && type.Kind != TypeKind.Uuid && !IsUntyped(type))
        {
            Syntax("::");
            TypeName(LogicalType.ArrayOf(type.Unmodified));
        }
    }

    private static string KeyName(int index) => string.Create(CultureInfo.InvariantCulture, $"k{index}");

    protected override void WriteOther(Expr expr)
    {
        switch (expr)
        {
            case OutwardExpr outward:
                WriteOutward(outward);
                break;
            case KeyEqualExpr key:
                WriteComparison("=", key.Left, key.Right);
                break;
            case ParentOrdinalExpr ordinal:
                Syntax("(").Identifier(ordinal.Alias).Syntax(".\"n\" - 1)");
                break;
            case ParentKeyExpr key:
                Identifier(key.Alias).Syntax(".").Identifier(KeyName(key.Index));
                break;
            case MostRowsExpr most:
                WriteMostRows(most);
                break;
            case ShortExpr value:
                WriteShort(value);
                break;
            case SumExpr sum:
                WriteComparison("+", sum.Left, sum.Right);
                break;
            case NativeExpr native:
                Syntax("(").Syntax(native.Sql).Syntax(")");
                break;
            case GuardedCallExpr call:
                // Its body may ask who calls, which only a statement run as the caller can answer.
                throw Refusals.NotSupported($"calling {call.Function.Name} in a query with compiled policies").ToException();
            case UserCallExpr call:
                WriteUserCall(call);
                break;
            case RowValueExpr or RowsJsonExpr:
                WriteParameter(expr);
                break;
            default:
                WriteRowForm(expr);
                break;
        }
    }

    private void WriteRowForm(Expr expr)
    {
        switch (expr)
        {
            case RowOfRangeExpr row:
                Identifier(row.Range);
                break;
            case MadeOfRowsExpr made:
                WriteMade(made);
                break;
            case Writing.WrittenRowExpr row:
                Syntax("row(");
                WriteList(row.Columns);
                Syntax(")::");
                Qualified(row.Table);
                break;
            case FieldExpr field:
                Syntax("(");
                Write(field.Row);
                Syntax(").").Identifier(field.Field);
                break;
            case RowExpr row:
                Syntax("row(");
                WriteList(row.Items);
                Syntax(")");
                break;
            default:
                base.WriteOther(expr);
                break;
        }
    }

    private void WriteMade(MadeOfRowsExpr made)
    {
        if (made.Handler.MakesFeatures)
        {
            Syntax("json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(");
            Qualified(made.Handler.Function);
            Syntax("(").Identifier(made.Range).Syntax(")::json), '[]'))::text");
            return;
        }
        Qualified(made.Handler.Function);
        Syntax("(");
        if (made.Handler.RowsOf is { } table)
        {
            Syntax("row(").Identifier(made.Range).Syntax(".*)::");
            Qualified(table);
        }
        else
        {
            Identifier(made.Range);
        }
        Syntax(made.Handler.Result.Kind == TypeKind.Bytea ? ")::bytea" : ")::text");
    }

    private void WriteMostRows(MostRowsExpr most)
    {
        Syntax("least(");
        Write(most.Limit!);
        Syntax(", ").Number(MostRowsExpr.Most).Syntax(")");
    }

    private void WriteShort(ShortExpr value)
    {
        bool isBytes = value.Value.Type.Kind == TypeKind.Bytea;
        Syntax(isBytes ? "substring(" : "left(");
        Write(value.Value);
        Syntax(isBytes ? " for " : "::text, ").Number(ShortExpr.Most + 1).Syntax(")");
    }

    private void WriteOutward(OutwardExpr outward)
    {
        bool isNative = outward.Value.Type is { NativeName: not null, ShownAsJson: false };
        bool json = isNative || outward.Value.Type.ShownAsJson || outward.Value.Type.Kind is TypeKind.Array or TypeKind.Record;
        Syntax(isNative ? "(to_json(" : json ? "to_json(" : "(");
        Write(outward.Value);
        // A cast to text is not always what a type prints: inet adds its mask.
        Syntax(isNative ? ") #>> '{}')" : json ? ")" : ")::text");
    }
}
