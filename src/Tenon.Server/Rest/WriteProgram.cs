using System.Collections.Immutable;
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
internal sealed class WriteResult(long count, long inserted, ByteBuffer? body) : IDisposable
{
    public long Count { get; } = count;
    public long Inserted { get; } = inserted;
    public ByteBuffer? Body { get; } = body;

    public void Dispose() => Body?.Dispose();
}

/// <summary>A write planned, guarded and compiled; one instance serves all requests of its shape, columns and role.</summary>
internal sealed class WriteProgram
{
    private readonly WritePlan plan;
    private readonly GuardedWrite write;
    private readonly JsonProgram? representation;
    private readonly Source source;
    private readonly int[] given;
    private readonly InsertOptions options;

    private WriteProgram(WritePlan plan, GuardedWrite write, JsonProgram? representation, Source source)
    {
        this.plan = plan;
        this.write = write;
        this.representation = representation;
        this.source = source;
        given = [.. plan.Columns.Select(write.Table.OrdinalOf)];
        options = new InsertOptions(given)
        {
            Arbiters = plan.Kind == WriteKind.Insert ? [] : [[.. plan.ConflictColumns.Select(write.Table.OrdinalOf)]],
            Set = given,
        };
    }

    public SlotSpec[] Slots => [.. plan.Slots];

    /// <summary>Ordinals in the table of the payload's columns.</summary>
    public IReadOnlyList<int> Given => given;

    public Table Table => write.Table;

    /// <summary>How a row of the representation looks; null when none is asked for.</summary>
    public RowShape? Shape => representation?.Unit.Shape;

    public static Outcome<WriteProgram> Compile(WritePlan plan, Catalog catalog, Principal principal, Source source)
    {
        Table table = catalog.Find(plan.Table) ?? throw new InvalidOperationException($"{plan.Table} left the catalog during planning");
        var binder = new PolicyBinder(catalog, principal);
        if (!GuardedWrite.Bind(Demand(plan, table), binder).TryGet(out GuardedWrite write, out Error refused))
        {
            return refused;
        }
        JsonProgram? representation = null;
        if (plan.Returning is { } returning)
        {
            if (!GuardedRead.Bind(new ReadPlan(returning, plan.Slots), binder).TryGet(out GuardedRead read, out refused))
            {
                return refused;
            }
            LoweredRead lowered = new(ReadLowering.LowerWritten(read), null);
            representation = JsonProgram.Of(CompiledRead.Of(lowered, plan.Slots, source).Root);
        }
        return new WriteProgram(plan, write, representation, source);
    }

    private static WriteDemand Demand(WritePlan plan, Table table)
    {
        HashSet<string> read = [.. plan.Kind is WriteKind.InsertOrUpdate or WriteKind.InsertOrIgnore ? plan.ConflictColumns : []];
        if (plan.Filter is not null && ExprFacts.Of(plan.Filter).Columns.TryGetValue(plan.Range, out var filtered))
        {
            read.UnionWith(filtered);
        }
        return new WriteDemand(plan.Kind, table, plan.Range)
        {
            Written = plan.Columns,
            Updated = plan.Kind == WriteKind.InsertOrUpdate ? plan.Columns : [],
            Read = read,
            Targets = plan.Kind is WriteKind.Update or WriteKind.Delete
                ? WriteDemand.TargetsOf(plan.Table, plan.Range, plan.Filter)
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
        return await source
            .WriteAsync(session => Execute(session, rows, arguments, maxRows), cancellation)
            .ConfigureAwait(false);
    }

    private WriteResult Execute(WriteSession session, IReadOnlyList<Datum[]> rows, StatementArguments arguments, int maxRows)
    {
        ByteBuffer? body = null;
        WrittenRows written;
        if (plan.Kind == WriteKind.Delete)
        {
            // What is about to go is read before it goes.
            body = representation is null ? null : Represent(session, session.Targets(write, arguments), arguments, maxRows);
            written = session.Delete(write, arguments);
        }
        else
        {
            written = plan.Kind == WriteKind.Update
                ? session.Update(write, given, [.. given.Select(i => rows[0][i])], arguments)
                : session.Insert(write, rows, arguments, options);
            body = representation is null ? null : Represent(session, written, arguments, maxRows);
        }
        Demand(written.Count);
        return new WriteResult(written.Count, written.Inserted, body);
    }

    private ByteBuffer Represent(WriteSession session, WrittenRows written, StatementArguments arguments, int maxRows)
    {
        var body = new ByteBuffer();
        var keyed = new StatementArguments { Slots = arguments.Slots, Context = arguments.Context, ParentKeys = written.KeysJson() };
        using var writer = new ResultWriter(session, keyed, body, maxRows);
        writer.WriteRows(representation!);
        return body;
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
