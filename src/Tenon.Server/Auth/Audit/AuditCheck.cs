using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Audit;

/// <summary>A place in the chain and the hash there; given as SEQ:HASH, it is an anchor that may be kept elsewhere.</summary>
internal readonly record struct AuditPlace(long Seq, string Hash)
{
    public static readonly AuditPlace Start = new(0, AuditHash.Genesis);

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Seq}:{Hash}");

    public static AuditPlace? Parse(string text)
    {
        string[] parts = text.Split(':');
        return parts.Length == 2 && long.TryParse(parts[0], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long seq)
            && parts[1].Length == AuditHash.Genesis.Length
            ? new AuditPlace(seq, parts[1])
            : null;
    }
}

/// <summary>The first entry that is not as it was written, and what is wrong with it.</summary>
internal sealed record AuditFinding(long? Seq, string? Id, string Problem);

/// <summary>How far a check came: the last whole entry, whether there are more, and what it found.</summary>
internal sealed record AuditReport(long Checked, AuditPlace Place, bool More, AuditFinding? Finding);

/// <summary>Walks the audit chain from a place on, in batches, and names the first entry that is not as it was written.</summary>
internal sealed class AuditCheck(StoreDatabase store, AuditHash hashes)
{
    private const int Batch = 1000;

    /// <summary>At most so many entries (a multiple of a thousand); the rest by another call from the place that is answered.</summary>
    public async Task<AuditReport> RunAsync(AuditPlace from, AuditPlace? anchor, int most, CancellationToken cancellation)
    {
        AuditPlace place = from;
        long done = 0;
        while (done < most)
        {
            // The head first: what it counts was committed before the entries are read.
            List<Datum[]> head = await store.QueryAsync(AuditSql.Head, default, cancellation);
            List<Datum[]> rows = await store.QueryAsync(AuditSql.After, new[] { Datum.Of(place.Seq), Datum.Of((long)Batch) }, cancellation);
            foreach (Datum[] row in rows)
            {
                if (Check(place, row, anchor) is { } finding)
                {
                    return new AuditReport(done, place, false, finding);
                }
                place = new AuditPlace(row[7].Integer, row[10].Text);
                done++;
            }
            if (rows.Count < Batch)
            {
                if (head is [var seen] && seen[0].Integer < place.Seq)
                {
                    // Entries were written meanwhile; a head read after them counts them, or it was set back.
                    head = await store.QueryAsync(AuditSql.Head, default, cancellation);
                    if (head is [var now] && now[0].Integer > place.Seq)
                    {
                        continue;
                    }
                }
                AuditFinding? end = CheckEnd(head, place, anchor) ?? await CheckOutsideAsync(head, cancellation);
                return new AuditReport(done, place, false, end);
            }
        }
        return new AuditReport(done, place, true, null);
    }

    private AuditFinding? Check(AuditPlace before, Datum[] row, AuditPlace? anchor)
    {
        long seq = row[7].Integer;
        string id = row[0].Text;
        if (seq != before.Seq + 1)
        {
            return new AuditFinding(before.Seq + 1, null, "the entry is missing");
        }
        string commitment = row[9].TextOrNull() ?? "";
        string hash = hashes.OfEntry(before.Hash, seq, row[0].Uuid(), row[1].Text, row[6].Time()!.Value, commitment);
        if (!AuditHash.Same(row[10].TextOrNull(), hash))
        {
            return new AuditFinding(seq, id, "the entry was changed, inserted or moved: its hash is not that of an entry written here");
        }
        if (anchor is { } kept && kept.Seq == seq && kept.Hash != hash)
        {
            return new AuditFinding(seq, id, "the entry is not the one of the anchor");
        }
        AuditPerson person = AuditChain.PersonOf(row);
        bool whole = row[8].TextOrNull() is { } salt
            ? AuditHash.Same(commitment, AuditHash.Commitment(salt, person))
            : AuditHash.Same(row[11].TextOrNull(), hashes.OfErased(seq, hash, person));
        return whole ? null : new AuditFinding(seq, id, "who, from where or the payload was changed");
    }

    private AuditFinding? CheckEnd(List<Datum[]> rows, AuditPlace last, AuditPlace? anchor)
    {
        if (rows is not [var row])
        {
            return new AuditFinding(null, null, "the end of the chain (auth.audit_chain) was removed");
        }
        long seq = row[0].Integer;
        if (!AuditHash.Same(row[2].Text, hashes.OfHead(seq, row[1].Text, row[3].IsTrue())))
        {
            return new AuditFinding(null, null, "the end of the chain (auth.audit_chain) was changed");
        }
        long least = Math.Max(seq, anchor?.Seq ?? 0);
        return least > last.Seq ? new AuditFinding(last.Seq + 1, null, $"the entry is missing: the log was cut, it had {least} entries")
            : seq < last.Seq ? new AuditFinding(seq + 1, null, "the end of the chain (auth.audit_chain) was set back to before the entry")
            : row[1].Text != last.Hash ? new AuditFinding(last.Seq, null, "the last entry is not the one that the end of the chain names")
            : null;
    }

    private async Task<AuditFinding?> CheckOutsideAsync(List<Datum[]> head, CancellationToken cancellation) =>
        !head[0][3].IsTrue() && await store.QueryAsync(AuditSql.Outside, default, cancellation) is [var row]
            ? new AuditFinding(null, row[0].Text, "the entry was inserted past the chain")
            : null;
}
