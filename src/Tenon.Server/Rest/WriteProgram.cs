using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Trees;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>What a write did: rows touched, rows that were new, the representation (JSON objects separated by commas) if asked for.</summary>
internal sealed class WriteResult(long count, long inserted, ByteBuffer? body, int statements) : IDisposable
{
    public long Count { get; } = count;
    public long Inserted { get; } = inserted;
    public ByteBuffer? Body { get; } = body;
    public int Statements { get; } = statements;

    public void Dispose() => Body?.Dispose();
}

/// <summary>A write planned, guarded and compiled; one instance serves all requests of its shape, columns and role.</summary>
internal sealed class WriteProgram
{
    private readonly WritePlan plan;
    private readonly CompiledWrite write;
    private readonly JsonProgram? representation;
    private readonly Source source;

    /// <summary>An update or delete of one row by its key.</summary>
    private readonly bool touchesFew;

    private WriteProgram(WritePlan plan, CompiledWrite write, Source source)
    {
        this.plan = plan;
        this.write = write;
        this.source = source;
        representation = write.Representation is null ? null : JsonProgram.Of(write.Representation);
        touchesFew = plan.View is null && OneRow.IsAsked(plan.Filter, plan.Range, write.Write.Table);
    }

    public SlotSpec[] Slots => [.. plan.Slots];

    /// <summary>Ordinals in the table of the payload's columns.</summary>
    public IReadOnlyList<int> Given => write.Options.Given;

    public Table Table => write.Write.Table;

    /// <summary>How a row of the representation looks; null when none is asked for.</summary>
    public RowShape? Shape => representation?.Unit.Shape;

    public static Outcome<WriteProgram> Compile(WritePlan plan, Catalog catalog, Principal principal, Source source) =>
        Enforced.First(source, enforcement => Compile(plan, catalog, new PolicyBinder(catalog, principal, enforcement), source));

    private static Outcome<WriteProgram> Compile(WritePlan plan, Catalog catalog, PolicyBinder binder, Source source)
    {
        Table table = catalog.Find(plan.Table) ?? throw new InvalidOperationException($"{plan.Table} left the catalog during planning");
        if (!GuardedWrite.Bind(Demand(plan, table), binder).TryGet(out GuardedWrite write, out Error refused))
        {
            return refused;
        }
        ReadUnit? representation = null;
        if (plan.Returning is { } returning)
        {
            if (!GuardedRead.Bind(new ReadPlan(returning, plan.Slots), binder, write).TryGet(out GuardedRead read, out refused))
            {
                return refused;
            }
            representation = ReadLowering.LowerWritten(read);
        }
        int[] given = [.. plan.BaseColumns(plan.Columns).Select(table.OrdinalOf)];
        var options = new InsertOptions(given)
        {
            Arbiters = plan.Kind == WriteKind.Insert ? [] : [[.. plan.BaseColumns(plan.ConflictColumns).Select(table.OrdinalOf)]],
            Set = given,
        };
        try
        {
            return new WriteProgram(plan, source.CompileWrite(write, options, representation), source);
        }
        catch (TenonException unsupported)
        {
            return unsupported.Error;
        }
    }

    private static WriteDemand Demand(WritePlan plan, Table table)
    {
        // The values an upsert sets are read from "excluded", which takes the right to read those columns as PostgreSQL has it.
        HashSet<string> read = plan.Kind switch
        {
            WriteKind.InsertOrUpdate => [.. plan.ConflictColumns, .. plan.Columns],
            WriteKind.InsertOrIgnore => [.. plan.ConflictColumns],
            _ => [],
        };
        if (plan.Filter is not null && ExprFacts.Of(plan.Filter).Columns.TryGetValue(plan.Range, out var filtered))
        {
            read.UnionWith(filtered);
        }
        return new WriteDemand(plan.Kind, table, plan.Range)
        {
            View = plan.View,
            ViewWritten = plan.Columns,
            ViewUpdated = plan.Kind == WriteKind.InsertOrUpdate ? plan.Columns : [],
            Written = plan.BaseColumns(plan.Columns),
            Updated = plan.Kind == WriteKind.InsertOrUpdate ? plan.BaseColumns(plan.Columns) : [],
            Read = read,
            Targets = plan.Kind is WriteKind.Update or WriteKind.Delete
                ? WriteDemand.TargetsOf(plan.View?.View.Name ?? plan.Table, plan.Range, plan.Filter)
                : null,
            Returning = plan.Returning is not null,
        };
    }

    /// <summary>
    /// Runs the write as one unit; the task completes after the commit. Rows hold the payload by column ordinal; an update has
    /// exactly one, whose given columns are set.
    /// </summary>
    public async ValueTask<WriteResult> RunAsync(
        IReadOnlyList<Datum[]> rows,
        StatementArguments arguments,
        int maxRows,
        CancellationToken cancellation
    )
    {
        bool alone = IsAlone(rows.Count) && arguments.Frame.First is null;
        var needs = new SessionNeeds(alone, arguments.Context, write.Write.Enforcement)
        {
            Start = alone ? session => StartAsync(session, rows, arguments) : null,
        };
        return await arguments
            .Frame.WriteAsync(source, session => Execute(session, rows, arguments, maxRows), needs, cancellation)
            .ConfigureAwait(false);
    }

    /// <summary>The plans of the write's statements, in their order; whatever showing them did is taken back.</summary>
    public ValueTask<List<string>> ExplainAsync(IReadOnlyList<Datum[]> rows, StatementArguments arguments, ExplainOptions options, CancellationToken cancellation)
    {
        UnitFrame undone = arguments.Frame with { TakeBack = true };
        var needs = new SessionNeeds(false, arguments.Context, write.Write.Enforcement);
        return undone.WriteAsync(source, session => Explain(session, rows, arguments, options), needs, cancellation);
    }

    private List<string> Explain(WriteSession session, IReadOnlyList<Datum[]> rows, StatementArguments arguments, ExplainOptions options)
    {
        arguments.ParentKeys = "[]"u8.ToArray();
        arguments.Frame.Enter(session, arguments);
        return session.Explain(write, rows, arguments, options).ConvertAll(p => source.PlanOf(p, options));
    }

    /// <summary>One statement whose outcome stands when it has run: no children to read after it, no demand on its rows, few rows to answer.</summary>
    private bool IsAlone(int rows) =>
        !plan.Singular && plan.MaxAffected is null && (representation is null || (!representation.HasHoles && (touchesFew || IsInsert && rows <= FewRows)));

    private bool IsInsert => plan.Kind is not (WriteKind.Update or WriteKind.Delete);

    private const int FewRows = 100;

    private WriteResult Execute(WriteSession session, IReadOnlyList<Datum[]> rows, StatementArguments arguments, int maxRows)
    {
        arguments.Context.Made?.Clear();
        arguments.Frame.Enter(session, arguments);
        ByteBuffer? body = null;
        Action<RowReader>? represent = null;
        // Where rows are answered they are what counts, as in PostgREST: an inner embed may keep fewer than were written.
        long? answered = null;
        if (representation is not null)
        {
            body = new ByteBuffer();
            represent = reader => answered = new ResultWriter(session, arguments, body, maxRows).WriteRows(representation, reader);
        }
        WrittenRows written = Write(session, rows, arguments, represent);
        long count = answered ?? written.Count;
        Demand(count);
        AnswerSettings.Of(arguments.Context.Made);
        return new WriteResult(count, written.Inserted, body, session.Statements);
    }

    private WrittenRows Write(WriteSession session, IReadOnlyList<Datum[]> rows, StatementArguments arguments, Action<RowReader>? represent)
    {
        try
        {
            return session.Write(write, rows, arguments, represent);
        }
        catch (SourceException refusal) when (Enforced.Reworded(refusal, write.Write.Suspected) is { } reworded)
        {
            throw reworded;
        }
    }

    private async ValueTask StartAsync(WriteSession session, IReadOnlyList<Datum[]> rows, StatementArguments arguments)
    {
        try
        {
            await session.StartAsync(write, rows, arguments, representation is not null).ConfigureAwait(false);
        }
        catch (SourceException refusal) when (Enforced.Reworded(refusal, write.Write.Suspected) is { } reworded)
        {
            throw reworded;
        }
    }

    private void Demand(long count)
    {
        if (plan.Singular && count != 1)
        {
            throw RowCounts.NotSingular(count).ToException();
        }
        if (plan.MaxAffected is { } most && count > most)
        {
            throw RowCounts.TooManyAffected(count).ToException();
        }
    }
}
