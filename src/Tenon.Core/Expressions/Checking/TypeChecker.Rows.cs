using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// Row constructors: (a, b) = (c, d) and its like become comparisons of their parts, with PostgreSQL's NULL rules.
internal sealed partial class TypeChecker
{
    private RowExpr BindRow(RowExpr e, Scope scope)
    {
        var items = BindAll(e.Items, scope);
        var fields = ImmutableArray.CreateBuilder<RowField>(items.Length);
        var typed = new Expr[items.Length];
        for (int i = 0; i < typed.Length; i++)
        {
            typed[i] = DefaultUnknown(items[i]);
            fields.Add(new RowField($"f{i + 1}", typed[i].Type));
        }
        return e with { Items = Frozen.AsImmutable(typed), Type = LogicalType.RecordOf(fields.MoveToImmutable()) };
    }

    private Expr BindRowComparison(OperatorExpr e, RowExpr left, RowExpr right, Scope scope)
    {
        string spelling = e.Operator == "!=" ? "<>" : e.Operator;
        if (spelling is not ("=" or "<>" or "<" or "<=" or ">" or ">="))
        {
            throw CheckErrors.Of(
                ErrorCodes.FeatureNotSupported,
                $"could not determine interpretation of row comparison operator {spelling}",
                e.At
            );
        }
        RequireSameLength(left.Items.Length, right.Items.Length, e.At);
        var lefts = BindParts(left, scope);
        var rights = BindParts(right, scope);
        return spelling is "=" or "<>" ? Pairwise(spelling, lefts, rights, e.At) : Lexicographic(spelling, lefts, rights, 0, e.At);
    }

    private ImmutableArray<Expr> BindParts(RowExpr row, Scope scope)
    {
        var parts = new Expr[row.Items.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = BindDuplicated(row.Items[i], scope);
        }
        return Frozen.AsImmutable(parts);
    }

    private static void RequireSameLength(int left, int right, Span at)
    {
        if (left != right || left == 0)
        {
            throw CheckErrors.Of(ErrorCodes.SyntaxError, "unequal number of entries in row expressions", at);
        }
    }

    private Expr Pairwise(string spelling, ImmutableArray<Expr> left, ImmutableArray<Expr> right, Span at)
    {
        var tests = new Expr[left.Length];
        for (int i = 0; i < tests.Length; i++)
        {
            tests[i] = Apply(spelling, left[i], right[i], at);
        }
        if (tests.Length == 1)
        {
            return tests[0];
        }
        var all = Frozen.AsImmutable(tests);
        return spelling == "="
            ? new AndExpr(all) { Type = LogicalType.Boolean, At = at }
            : new OrExpr(all) { Type = LogicalType.Boolean, At = at };
    }

    // (a, b) < (c, d)  =  a < c or (a = c and b < d)
    private Expr Lexicographic(string spelling, ImmutableArray<Expr> left, ImmutableArray<Expr> right, int from, Span at)
    {
        if (from == left.Length - 1)
        {
            return Apply(spelling, left[from], right[from], at);
        }
        Expr strict = Apply(spelling[..1], left[from], right[from], at);
        Expr equal = Apply("=", left[from], right[from], at);
        Expr rest = Lexicographic(spelling, left, right, from + 1, at);
        return new OrExpr([strict, new AndExpr([equal, rest]) { Type = LogicalType.Boolean, At = at }])
        {
            Type = LogicalType.Boolean,
            At = at,
        };
    }

    /// <summary>The columns of a row as expressions: a constructor, a whole row of from, a row variable (old, new); else null.</summary>
    private static ImmutableArray<Expr>? PartsOf(Expr row) =>
        row switch
        {
            RowExpr constructor => constructor.Items,
            RowOfRangeExpr { Type.Fields: { IsEmpty: false } fields } whole =>
                [.. fields.Select(f => new ColumnExpr(whole.Range, f.Name) { Type = f.Type, At = row.At })],
            VariableExpr { Type: { Kind: TypeKind.Record, Fields: { IsEmpty: false } fields } } variable =>
                [.. fields.Select(f => new VariableExpr($"{variable.Name}.{f.Name}") { Type = f.Type, At = row.At })],
            _ => null,
        };

    /// <summary>Rows differ when one of their columns does.</summary>
    private Expr DistinctRows(DistinctExpr e, ImmutableArray<Expr> left, ImmutableArray<Expr> right)
    {
        RequireSameLength(left.Length, right.Length, e.At);
        ImmutableArray<Expr> tests = [.. left.Zip(right, (l, r) => DistinctValues(e, l, r))];
        return tests.Length == 1 ? tests[0]
            : e.Negated ? new AndExpr(tests) { Type = LogicalType.Boolean, At = e.At }
            : new OrExpr(tests) { Type = LogicalType.Boolean, At = e.At };
    }

    private Expr BindRowInList(InListExpr e, Scope scope)
    {
        var operand = BindParts((RowExpr)e.Operand, scope);
        var tests = new Expr[e.Items.Length];
        for (int i = 0; i < tests.Length; i++)
        {
            if (e.Items[i] is not RowExpr row)
            {
                throw CheckErrors.NotSupported("a list of anything but rows beside a row", e.Items[i].At);
            }
            RequireSameLength(operand.Length, row.Items.Length, e.Items[i].At);
            tests[i] = Pairwise(e.Negated ? "<>" : "=", operand, BindAll(row.Items, scope), e.Items[i].At);
        }
        if (tests.Length == 1)
        {
            return tests[0];
        }
        var all = Frozen.AsImmutable(tests);
        return e.Negated
            ? new AndExpr(all) { Type = LogicalType.Boolean, At = e.At }
            : new OrExpr(all) { Type = LogicalType.Boolean, At = e.At };
    }

    private InSelectExpr BindRowInSelect(InSelectExpr e, RowExpr row, Select select, Scope scope)
    {
        var operands = BindAll(row.Items, scope);
        if (select.Output.Length != operands.Length)
        {
            string few = select.Output.Length < operands.Length ? "few" : "many";
            throw CheckErrors.Of(ErrorCodes.SyntaxError, $"subquery has too {few} columns", e.At);
        }
        var items = new Expr[operands.Length];
        var columns = new LogicalType[operands.Length];
        var fields = ImmutableArray.CreateBuilder<RowField>(items.Length);
        for (int i = 0; i < items.Length; i++)
        {
            (items[i], columns[i]) = ComparedAs(operands[i], select.Output[i].Type, "=", e.At);
            fields.Add(new RowField($"f{i + 1}", items[i].Type));
        }
        select = CoerceColumns(select, columns, CastContext.Implicit);
        RowExpr bound = row with { Items = Frozen.AsImmutable(items), Type = LogicalType.RecordOf(fields.MoveToImmutable()) };
        return e with { Operand = bound, Select = select, Type = LogicalType.Boolean };
    }
}
