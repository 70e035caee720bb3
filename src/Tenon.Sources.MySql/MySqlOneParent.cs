using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MySqlConnector;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

/// <summary>How many rows of a parent are read: those to skip and those to keep.</summary>
internal sealed record KeptExpr(Expr Limit, Expr? Offset) : Expr
{
    public long Of(StatementArguments arguments)
    {
        (long limit, long offset) = (Number(Limit, arguments), Offset is null ? 0 : Number(Offset, arguments));
        return limit > long.MaxValue - offset ? long.MaxValue : limit + offset;
    }

    private static long Number(Expr expr, StatementArguments arguments) => expr is ConstantExpr constant ? constant.Value.Integer : arguments.Get(expr).Integer;
}

/// <summary>
/// When the children of several parents are read parent by parent: rows a parent has on the average, at least
/// <paramref name="Least"/> and <paramref name="Times"/> as many as are wanted of it.
/// </summary>
internal sealed record PerParentChoice(double Least, double Times)
{
    /// <summary>
    /// By MariaDB 10.11, 1 M rows, 200 parents, warm: a select of its own costs 33 us and 1 us for each row wanted, numbering
    /// costs 1.1 to 2.4 us for each row there is. Of 10 rows a parent, the first 3: 12 ms parent by parent, 5 ms numbered; of 50:
    /// 7.5 and 15 ms; of 500: 6.6 and 220 ms, and 85 and 240 ms where no index has the order.
    /// </summary>
    public static readonly PerParentChoice Measured = new(40, 2);

    public static readonly PerParentChoice Always = new(double.NegativeInfinity, 0);
    public static readonly PerParentChoice Never = new(double.PositiveInfinity, 0);

    public bool Pays(double rowsPerParent, long wanted) => rowsPerParent >= Least + (Times * wanted);
}

/// <summary>Several parents' statements as one text, and the values of their keys.</summary>
internal sealed record ParentBatch(string Text, List<MySqlParameter> Keys);

/// <summary>
/// A child's query with a limit per parent → the same query of one parent, with that limit. As many of them as there are
/// parents, joined by UNION ALL, read no further than is wanted of each, where numbering all rows reads all (ENGINES §3). For
/// a query whose rows an index gives by the parents' key, and of which nothing would be computed anew for each.
/// </summary>
internal sealed partial class MySqlOneParent
{
    /// <summary>
    /// Selects of one statement. Each holds a table open, of which a server has some hundreds; 16 are as fast as 200 (measured).
    /// </summary>
    private const int MostSelects = 16;

    /// <summary>Bytes of one text, and of the values that each select repeats; a server takes 1 MiB at the least.</summary>
    private const int MostText = 512 * 1024;
    private const int MostValues = 4096;

    /// <summary>The words between two selects, or what a mark becomes.</summary>
    private const int AroundSelect = 16;

    private readonly string[] pieces;
    private readonly int[] parts;
    private readonly ImmutableArray<int> uses;
    private readonly int bytes;
    private readonly KeptExpr kept;
    private readonly double rowsPerParent;
    private readonly PerParentChoice choice;

    private MySqlOneParent(MySqlCompiled statement, List<MySqlDialect.ParentMark> marks, ImmutableArray<LogicalType> keyTypes, KeptExpr kept, double rowsPerParent, PerParentChoice choice)
    {
        Statement = statement;
        KeyTypes = keyTypes;
        this.kept = kept;
        this.rowsPerParent = rowsPerParent;
        this.choice = choice;
        parts = [.. marks.Select(m => m.Part)];
        uses = Uses(statement);
        bytes = Encoding.UTF8.GetByteCount(statement.Text);
        int[] cuts = [0, .. marks.Select(m => m.Position), statement.Text.Length];
        pieces = [.. Enumerable.Range(0, cuts.Length - 1).Select(i => statement.Text[cuts[i]..cuts[i + 1]])];
    }

    /// <summary>How often each parameter stands in the text.</summary>
    private static ImmutableArray<int> Uses(MySqlCompiled statement)
    {
        int[] uses = new int[statement.Parameters.Length];
        foreach (ValueMatch mark in Mark().EnumerateMatches(statement.Text))
        {
            int number = int.Parse(statement.Text.AsSpan(mark.Index + 2, mark.Length - 2), CultureInfo.InvariantCulture);
            if (number <= uses.Length)
            {
                uses[number - 1]++;
            }
        }
        return [.. uses];
    }

    [GeneratedRegex("@p[1-9][0-9]{0,5}", RegexOptions.CultureInvariant)]
    private static partial Regex Mark();

    /// <summary>Its parameters are those that all parents share.</summary>
    public MySqlCompiled Statement { get; }

    public ImmutableArray<LogicalType> KeyTypes { get; }

    public static MySqlOneParent? Of(ReadUnit unit, MySqlFacts facts, PerParentChoice choice)
    {
        Select ordered = MySqlOutward.Ordered(unit.Select, facts);
        if (!MySqlPerParent.Applies(unit, ordered) || ordered.Body is not SelectCore { From: JoinFrom from } core || ParentKeysFrom.Of(from) is not { } keys)
        {
            return null;
        }
        ImmutableArray<ColumnExpr> columns = KeyColumns(core.Where, keys);
        FromItem rest = ParentKeysFrom.Without(from);
        GuardedTable[] tables = [.. MySqlOutward.Tables(rest, facts)];
        if (columns.IsEmpty || tables is not [{ } table] || table.Alias != columns[0].Range || facts.Find(table.Name) is not { IsView: false } known)
        {
            return null;
        }
        string[] names = [.. columns.Select(c => c.Column)];
        IndexFacts[] indexes = [.. known.Indexes.Where(i => i.Leads(names))];
        if (indexes.Length == 0 || !names.All(n => IsFound(known.Columns.GetValueOrDefault(n))) || !keys.Types.All(IsCarried) || !OncePerParent.Holds(ordered, facts))
        {
            return null;
        }
        var kept = new KeptExpr(unit.Limit!, unit.Offset) { Type = LogicalType.Int8 };
        Select one = ordered with { Body = core with { From = rest }, OrderBy = ordered.OrderBy.RemoveAt(0), Limit = kept };
        (MySqlCompiled statement, List<MySqlDialect.ParentMark> marks) =
            MySqlDialect.CompileOneParent(one, keys.Types, new MySqlDialect.IndexHint(table.Alias, [.. indexes.Select(i => i.Name)]), facts);
        return new MySqlOneParent(statement, marks, keys.Types, kept, indexes.Min(i => known.RowsPerKey(i, names.Length)), choice);
    }

    /// <summary>The columns of one range that are equal to the parts of the key, all of them; none where the condition is another.</summary>
    private static ImmutableArray<ColumnExpr> KeyColumns(Expr? where, ParentKeysFrom keys)
    {
        var found = new Dictionary<int, ColumnExpr>();
        foreach (Expr atom in Conjunction.Atoms(where ?? Conjunction.True))
        {
            if (atom is KeyEqualExpr { Left: ColumnExpr column, Right: ParentKeyExpr key })
            {
                found.TryAdd(key.Index, column);
            }
        }
        bool isOne = found.Count == keys.Types.Length && found.Values.Select(c => c.Range).Distinct().Count() == 1;
        return isOne ? [.. found.Values] : [];
    }

    // A text that is compared by its bytes, for want of characters, is not found by its index.
    private static bool IsFound(ColumnFacts? column) => column is { IsBit: false } and ({ Collation: null } or { IsUtf8: true });

    private static bool IsCarried(LogicalType type) =>
        type.Kind is TypeKind.Boolean or TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8 or TypeKind.Numeric or TypeKind.Date or TypeKind.Timestamp
            or TypeKind.TimestampTz or TypeKind.Text or TypeKind.Varchar or TypeKind.Uuid;

    /// <summary>By how many rows a parent has and how many are wanted; values that are large are not sent once for each parent.</summary>
    public bool Pays(StatementArguments arguments) =>
        choice.Pays(rowsPerParent, kept.Of(arguments)) && MySqlBinding.SizeOf(Statement, arguments, uses) <= MostValues;

    /// <summary>The parents' statements in texts of a bounded size, each sent as one.</summary>
    public IEnumerable<ParentBatch> Batches(ParentKeys parents, StatementArguments arguments)
    {
        // A part of the key may stand there more than once.
        long each = bytes + AroundSelect + MySqlBinding.SizeOf(Statement, arguments, uses) + ((long)parts.Length * (parents.LongestKey + AroundSelect));
        int most = (int)Math.Max(1, MostText / each);
        for (int from = 0; from < parents.Count; from += most)
        {
            yield return Batch(parents, from, Math.Min(parents.Count, from + most));
        }
    }

    private ParentBatch Batch(ParentKeys parents, int from, int end)
    {
        var text = new StringBuilder((end - from) * (Statement.Text.Length + 16));
        var values = new List<MySqlParameter>((end - from) * KeyTypes.Length);
        for (int parent = from; parent < end; parent++)
        {
            text.Append(parent == from ? "(" : (parent - from) % MostSelects == 0 ? "); (" : ") union all (");
            for (int i = 0; i < pieces.Length; i++)
            {
                text.Append(pieces[i]);
                if (i < parts.Length)
                {
                    AppendMark(text, parts[i] < 0 ? parents.Ordinals[parent] : ((parent - from) * KeyTypes.Length) + parts[i], parts[i] < 0);
                }
            }
            for (int part = 0; part < KeyTypes.Length; part++)
            {
                values.Add(new MySqlParameter(string.Create(CultureInfo.InvariantCulture, $"@k{values.Count}"), parents.Values[(parent * KeyTypes.Length) + part]));
            }
        }
        return new ParentBatch(text.Append(')').ToString(), values);
    }

    private static void AppendMark(StringBuilder text, int number, bool isOrdinal) =>
        text.Append(isOrdinal ? "" : "@k").Append(CultureInfo.InvariantCulture, $"{number}");

    /// <summary>
    /// What a statement computes for all parents at once it would compute for each: nothing may range over the rows of all
    /// (windows), and a subquery finds its rows by an index.
    /// </summary>
    private sealed class OncePerParent(MySqlFacts facts) : ExprVisitor
    {
        /// <summary>Rows that a subquery may find each time.</summary>
        private const double FewRows = 100;

        private bool holds = true;

        public static bool Holds(Select select, MySqlFacts facts)
        {
            var visitor = new OncePerParent(facts);
            var core = (SelectCore)select.Body;
            foreach (Expr expr in (IEnumerable<Expr>)[.. core.Items.Select(i => i.Value), .. select.OrderBy.Select(o => o.Key), core.Where ?? Conjunction.True])
            {
                visitor.holds &= ExprFacts.Of(expr) is { HasWindow: false, HasAggregate: false, HasVolatile: false };
                visitor.Visit(expr);
            }
            visitor.VisitFrom(core.From!);
            return visitor.holds;
        }

        public override void VisitFrom(FromItem from)
        {
            switch (from)
            {
                case GuardedTable table:
                    VisitOptional(table.Filter);
                    break;
                case ParentKeysFrom:
                    break;
                case JoinFrom join:
                    VisitFrom(join.Left);
                    VisitFrom(join.Right);
                    VisitOptional(join.On);
                    break;
                default:
                    holds = false;
                    break;
            }
        }

        public override void VisitSelect(Select select)
        {
            holds &= select is { With.IsEmpty: true, Body: SelectCore { From: GuardedTable table } core } && IsByIndex(table, core);
            base.VisitSelect(select);
        }

        private bool IsByIndex(GuardedTable table, SelectCore core)
        {
            if (facts.Find(table.Name) is not { IsView: false } known)
            {
                return false;
            }
            IEnumerable<Expr> atoms = Conjunction.Atoms(core.Where ?? Conjunction.True).Concat(Conjunction.Atoms(table.Filter ?? Conjunction.True));
            return atoms.Select(a => EqualTo(table.Alias, a)).Any(c => c is not null && known.Indexes.Any(i => i.Leads([c]) && IsFew(known.RowsPerKey(i, 1))));
        }

        private static bool IsFew(double rows) => rows is > 0 and <= FewRows;

        /// <summary>The column of this range that the condition makes equal to something else.</summary>
        private static string? EqualTo(string range, Expr atom)
        {
            (Expr? left, Expr? right) = atom switch
            {
                KeyEqualExpr key => (key.Left, key.Right),
                ApplyExpr { Function.Operator: "=", Arguments: [{ } a, { } b] } => (MySqlDialect.Bare(a), MySqlDialect.Bare(b)),
                _ => (null, null),
            };
            return Of(left, right) ?? Of(right, left);

            string? Of(Expr? column, Expr? other) =>
                column is ColumnExpr found && found.Range == range && other is not null && !ExprFacts.Of(other).Reads(range) ? found.Column : null;
        }
    }
}
