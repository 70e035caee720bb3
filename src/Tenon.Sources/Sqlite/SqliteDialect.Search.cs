using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite;

// Full-text conditions of a where that an index can answer: its candidates stand beside the condition itself, which decides.
// They depend on the query alone, so they tell nothing of rows the caller may not see.
internal partial class SqliteDialect
{
    protected override void WriteWhere(SelectCore core)
    {
        var candidates = new List<Action>();
        if (core.Where is not null && core.From is not null)
        {
            Search(core.From, core.Where, candidates);
        }
        if (candidates.Count == 0)
        {
            base.WriteWhere(core);
            return;
        }
        Syntax(" where ");
        foreach (Action write in candidates)
        {
            write();
            Syntax(" and ");
        }
        Write(core.Where!);
    }

    private void Search(FromItem from, Expr where, List<Action> candidates)
    {
        switch (from)
        {
            case JoinFrom join:
                Search(join.Left, where, candidates);
                Search(join.Right, where, candidates);
                break;
            case GuardedTable { SearchKeys.IsEmpty: false, Filter: null } table:
                Ask(table, where, candidates);
                break;
        }
    }

    private void Ask(GuardedTable table, Expr where, List<Action> candidates)
    {
        foreach ((Expr vector, Expr query) in Atoms(where).Select(Sides).OfType<(Expr, Expr)>())
        {
            Expr row = new Instantiation(static () => "", new Dictionary<string, string> { [table.Alias] = Templates.Row }).Visit(vector);
            if (IsKnownBeforehand(query) && table.SearchKeys.FirstOrDefault(k => TreeEquality.Same(k.Value, row)) is { } key)
            {
                candidates.Add(() => WriteCandidates(table.Alias, TextIndexes.Physical(key.Index), query));
            }
        }
    }

    private void WriteCandidates(string alias, string index, Expr query)
    {
        Identifier(alias).Syntax("._rowid_ in (select rowid from ").Identifier(index).Syntax(" where ").Identifier(index).Syntax(" match tn_text_candidates(");
        Write(query);
        Syntax("))");
    }

    /// <summary>What has to hold for the whole condition to hold; a condition fenced by policies among them.</summary>
    private static IEnumerable<Expr> Atoms(Expr condition) =>
        condition switch
        {
            AndExpr and => and.Items.SelectMany(Atoms),
            CaseExpr { Operand: null, Whens: [{ Result: var result }], Else: { } otherwise } when Conjunction.IsFalse(otherwise) => Atoms(result),
            _ => [condition],
        };

    /// <summary>The tsvector and the tsquery of a match; a text stands for its lexemes in the default configuration.</summary>
    private static (Expr Vector, Expr Query)? Sides(Expr atom) =>
        atom is not ApplyExpr { Arguments: [var left, var right], Function.Id: var id } ? null
            : id switch
            {
                "ts_match_vq" => (Configured(left), right),
                "ts_match_qv" => (Configured(right), left),
                "ts_match_tq" => (DefaultVector(left), right),
                _ => null,
            };

    private static Expr Configured(Expr vector) =>
        vector is ApplyExpr { Function.Id: "to_tsvector", Arguments: [var text] } ? DefaultVector(text) : vector;

    private static ApplyExpr DefaultVector(Expr text)
    {
        var configuration = new ConstantExpr(Datum.Of(Core.Types.FullText.SearchConfiguration.Default)) { Type = LogicalType.RegConfig };
        return new ApplyExpr(Core.Expressions.Functions.FunctionCatalog.Find("to_tsvector_config")!, [configuration, text]) { Type = LogicalType.TsVector };
    }

    private static bool IsKnownBeforehand(Expr query)
    {
        ExprFacts facts = ExprFacts.Of(query);
        return facts is { Columns.Count: 0, WholeRows.Count: 0, HasSubquery: false, HasVolatile: false, HasUserCall: false, HasAggregate: false, HasWindow: false };
    }
}
