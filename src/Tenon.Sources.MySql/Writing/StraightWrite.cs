using System.Collections.Immutable;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql.Writing;

/// <summary>
/// A write in one round trip: nothing has to be looked up in front of it, nothing asked behind it, and its rows are answered
/// by itself. Defaults are the database's own to take. Where this does not hold, <see cref="MySqlWriteSession"/> finds rows
/// by their keys instead.
/// </summary>
internal sealed class StraightWrite
{
    private readonly TableProgram program;
    private readonly ImmutableArray<int> given;
    private readonly ImmutableArray<SelectItem> answered;
    private readonly Lazy<MySqlCompiled> one;

    private StraightWrite(TableProgram program, Expr? check, ImmutableArray<int> given, ImmutableArray<SelectItem> answered)
    {
        this.program = program;
        this.given = given;
        this.answered = answered;
        Check = check;
        one = new Lazy<MySqlCompiled>(() => Compile(1));
    }

    /// <summary>What the rows have to pass before they are sent.</summary>
    public Expr? Check { get; }

    /// <summary>It answers rows, behind an update by a statement of its own: both are one unit.</summary>
    public bool IsPair => program.IsUpdate && !answered.IsEmpty;

    public MySqlCompiled Statement(int rows) => rows == 1 ? one.Value : Compile(rows);

    private MySqlCompiled Compile(int rows) => program.IsUpdate ? program.UpdateStraight(answered) : program.InsertStraight(given, answered, rows);

    /// <summary>Null where rows have to be found by their keys.</summary>
    public static StraightWrite? Of(GuardedWrite write, InsertOptions options, ReadUnit? byKey, TableProgram program)
    {
        ImmutableArray<int> given = [.. write.Kind == WriteKind.Update ? options.Set : options.Given];
        if (write.Parts.Check is { } check && (program.IsDecidedByDatabase(check) || !CheckedHere.Covers(check, given)))
        {
            return null;
        }
        ImmutableArray<SelectItem> answered = [];
        if (byKey is not null && !IsPlain(byKey, out answered))
        {
            return null;
        }
        bool possible = write.Kind switch
        {
            WriteKind.Insert => true,
            WriteKind.Update => given.Length > 0 && IsPlainUpdate(write, given, answers: byKey is not null, program),
            _ => false,
        };
        return possible ? new StraightWrite(program, write.Parts.Check, given, answered) : null;
    }

    /// <summary>The columns of the written rows and nothing else: no policy, no other table, no order of its own.</summary>
    private static bool IsPlain(ReadUnit byKey, out ImmutableArray<SelectItem> items)
    {
        items = [];
        bool plain =
            byKey.Children.IsEmpty
            && byKey.Select is { With.IsEmpty: true, Limit: null, Offset: null, Body: SelectCore { GroupBy.IsEmpty: true, Distinct: false, DistinctOn.IsEmpty: true } }
            && byKey.Select.OrderBy.All(o => o.Key is ParentOrdinalExpr);
        if (!plain || (SelectCore)byKey.Select.Body is not { From: JoinFrom { Left: ParentKeysFrom, Right: GuardedTable { Filter: null } table }, Where: { } where } core)
        {
            return false;
        }
        items = core.Items;
        return Conjunction.Atoms(where).All(a => a is KeyEqualExpr { Right: ParentKeyExpr })
            && core.Items.All(i => i.Value is ColumnExpr column && column.Range == table.Alias);
    }

    // Answered rows are read again by the condition that chose them. That is the same row if it names the row's key, and what it
    // asks is not what the update changes.
    private static bool IsPlainUpdate(GuardedWrite write, ImmutableArray<int> set, bool answers, TableProgram program)
    {
        if (write.Parts.Targets is not { OrderBy.IsEmpty: true, Limit: null, Offset: null, Body: SelectCore { From: GuardedTable { Filter: null }, Where: { } where } })
        {
            return false;
        }
        if (!answers)
        {
            return true;
        }
        ExprFacts facts = ExprFacts.Of(where);
        HashSet<string> changed = [.. set.Select(o => write.Table.Columns[o].Name)];
        return !program.ChangesUpdates
            && OneRow.IsAsked(where, write.Range, write.Table)
            && facts is { HasSubquery: false, HasVolatile: false, HasUserCall: false, WholeRows.Count: 0 }
            && facts.Columns.Values.All(columns => !columns.Overlaps(changed));
    }
}
