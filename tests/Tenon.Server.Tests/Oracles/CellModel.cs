using System.Collections.Immutable;
using System.Globalization;
using Tenon.Testing;

namespace Tenon.Server.Tests.Oracles;

internal enum CellVerb
{
    Patch,
    Insert,
    Merge,
    Delete,
}

/// <summary>A row: whose it is, whether others may see it too, and how full it is.</summary>
internal sealed record Cell(int Id, string Owner, bool Open, int N);

/// <summary>One write of one row by its key. Of a patch what is null stays as it is.</summary>
internal sealed record CellWrite(string Caller, CellVerb Verb, int Id, string? Owner, bool? Open, int? N)
{
    private const int Ids = 3;

    /// <summary>A hidden row's key is drawn too; an insert of it would tell of it, as in every database.</summary>
    public static CellWrite Make(string caller, Draws draws)
    {
        CellVerb verb = draws.Of(CellVerb.Patch, CellVerb.Patch, CellVerb.Merge, CellVerb.Insert, CellVerb.Delete);
        int id = draws.Below(Ids);
        if (verb is CellVerb.Patch or CellVerb.Delete)
        {
            id = draws.Chance(15) ? CellModel.FirstHidden + draws.Below(2) : id;
        }
        if (verb == CellVerb.Delete)
        {
            return new CellWrite(caller, verb, id, null, null, null);
        }
        string owner = draws.Chance(15) ? draws.Of(CellModel.Callers) : caller;
        (bool open, int n) = (draws.Chance(60), draws.Below(8));
        return verb != CellVerb.Patch
            ? new CellWrite(caller, verb, id, owner, open, n)
            : draws.Below(4) switch
            {
                0 or 1 => new CellWrite(caller, verb, id, null, null, n),
                2 => new CellWrite(caller, verb, id, null, open, null),
                _ => new CellWrite(caller, verb, id, owner, open, n),
            };
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Caller}: {Verb} {Id}{(Verb == CellVerb.Delete ? "" : $" owner {Owner ?? "-"} open {Open?.ToString() ?? "-"} n {N?.ToString(CultureInfo.InvariantCulture) ?? "-"}")}");
}

/// <summary>What a write came to: an error's code, or its row, or that there was none.</summary>
internal sealed record CellReply(string? Error, Cell? Row)
{
    public override string ToString() => Error ?? Row?.ToString() ?? "no row";
}

/// <summary>What PostgreSQL's rules make of one write after the other, and whether concurrent ones can be told as such.</summary>
internal static class CellModel
{
    public const int FirstHidden = 100;

    /// <summary>No row is full from here on for those who do not own it.</summary>
    private const int Full = 5;

    public static readonly string[] Callers = ["ann", "bob", "cid"];

    public static readonly (string Main, string Attached, string Policies) Script = (
        $"create table cells (id int primary key, owner text not null, open boolean not null, n int not null);\n{Policies}",
        "create table cells (id int primary key, owner varchar(20) not null, open boolean not null, n int not null);",
        Policies
    );

    private const string Policies = """
        alter table cells enable row level security;
        grant select, insert, update, delete on cells to authenticated, service_role;
        create policy seen on cells for select using (open or owner = auth.email());
        create policy made on cells for insert with check (owner = auth.email());
        create policy changed on cells for update using (owner = auth.email() or n < 5) with check (owner = auth.email() or open);
        create policy gone on cells for delete using (owner = auth.email());
        """;

    public static bool Sees(string caller, Cell cell) => cell.Open || cell.Owner == caller;

    private static bool MayChange(string caller, Cell cell) => cell.Owner == caller || cell.N < Full;

    private static readonly CellReply Denied = new("42501", null);

    /// <summary>It lost against the others as often as it ran, was told so, and did nothing.</summary>
    private const string Lost = "40001";

    /// <summary>One write upon these rows; hidden ones are not among them.</summary>
    public static (ImmutableSortedDictionary<int, Cell> Rows, CellReply Reply) Apply(ImmutableSortedDictionary<int, Cell> rows, CellWrite write)
    {
        Cell? there = rows.GetValueOrDefault(write.Id);
        return write.Verb switch
        {
            CellVerb.Insert or CellVerb.Merge => Inserted(rows, write, there),
            CellVerb.Delete => there is not null && Sees(write.Caller, there) && there.Owner == write.Caller
                ? (rows.Remove(write.Id), new CellReply(null, there))
                : (rows, new CellReply(null, null)),
            _ => there is not null && Sees(write.Caller, there) && MayChange(write.Caller, there)
                ? Changed(rows, write, there)
                : (rows, new CellReply(null, null)),
        };
    }

    private static (ImmutableSortedDictionary<int, Cell>, CellReply) Inserted(ImmutableSortedDictionary<int, Cell> rows, CellWrite write, Cell? there)
    {
        if (write.Owner != write.Caller)
        {
            return (rows, Denied);
        }
        if (there is null)
        {
            var made = new Cell(write.Id, write.Owner, write.Open!.Value, write.N!.Value);
            return (rows.Add(write.Id, made), new CellReply(null, made));
        }
        return write.Verb == CellVerb.Insert ? (rows, new CellReply("23505", null))
            : !Sees(write.Caller, there) || !MayChange(write.Caller, there) ? (rows, Denied)
            : Changed(rows, write, there);
    }

    private static (ImmutableSortedDictionary<int, Cell>, CellReply) Changed(ImmutableSortedDictionary<int, Cell> rows, CellWrite write, Cell there)
    {
        Cell now = there with { Owner = write.Owner ?? there.Owner, Open = write.Open ?? there.Open, N = write.N ?? there.N };
        return (now.Owner == write.Caller || now.Open) && Sees(write.Caller, now) ? (rows.SetItem(write.Id, now), new CellReply(null, now)) : (rows, Denied);
    }

    /// <summary>
    /// Whether some order, in which each writer's own writes keep theirs, gives these replies and ends with these rows.
    /// done: how many of each writer's writes stand before.
    /// </summary>
    public static bool IsSerial(
        ImmutableSortedDictionary<int, Cell> rows,
        IReadOnlyList<IReadOnlyList<(CellWrite Write, CellReply Reply)>> writers,
        int[] done,
        ImmutableSortedDictionary<int, Cell> end)
    {
        bool all = true;
        for (int writer = 0; writer < done.Length; writer++)
        {
            if (done[writer] == writers[writer].Count)
            {
                continue;
            }
            all = false;
            (CellWrite write, CellReply reply) = writers[writer][done[writer]];
            (ImmutableSortedDictionary<int, Cell> next, CellReply expected) = reply.Error == Lost ? (rows, reply) : Apply(rows, write);
            if (expected != reply)
            {
                continue;
            }
            done[writer]++;
            bool found = IsSerial(next, writers, done, end);
            done[writer]--;
            if (found)
            {
                return true;
            }
        }
        return all && rows.SequenceEqual(end);
    }
}
