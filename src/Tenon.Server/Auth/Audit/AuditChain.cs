using Tenon.Core.Errors;
using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Audit;

/// <summary>
/// Writes the audit log as a chain. An entry is written last in its unit, under the lock of the chain's one row: units of
/// all nodes pass there one after the other, and none of them locks anything after it, so they never wait in a circle.
/// </summary>
internal sealed class AuditChain(StoreDatabase store, AuditHash hashes)
{
    private const int Batch = 500;

    /// <summary>Takes over the writing of the log, and chains the entries of before there was a chain.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        store.LogWriter = Append;
        await EnsureHeadAsync(cancellation);
        while (await AdoptSomeAsync(cancellation))
        {
            // The next batch.
        }
    }

    private async Task EnsureHeadAsync(CancellationToken cancellation)
    {
        // Where the head is gone and chained entries are there, somebody removed it: it is not made anew, and verify says so.
        if ((await store.QueryAsync(AuditSql.Head, default, cancellation)).Count > 0 || (await store.QueryAsync(AuditSql.HasChained, default, cancellation)).Count > 0)
        {
            return;
        }
        try
        {
            await store.WriteAsync(
                unit => unit.Execute(AuditSql.InsertHead, Datum.Of(AuditHash.Genesis), Datum.Of(hashes.OfHead(0, AuditHash.Genesis, adopting: true))),
                cancellation
            );
        }
        catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation)
        {
            // Another node was first.
        }
    }

    private async Task<bool> AdoptSomeAsync(CancellationToken cancellation)
    {
        if (await store.QueryAsync(AuditSql.Head, default, cancellation) is not [var seen] || !seen[3].IsTrue())
        {
            return false;
        }
        string[] salts = [.. Enumerable.Range(0, Batch).Select(_ => AuditHash.NewSalt())];
        return await store.WriteAsync(unit => AdoptSome(unit, salts), cancellation);
    }

    private bool AdoptSome(IStoreTransaction unit, string[] salts)
    {
        Head head = Take(unit);
        if (!head.Adopting)
        {
            // Another node was at it; this undoes the place that was taken.
            Set(unit, head with { Seq = head.Seq - 1 });
            return false;
        }
        long last = head.Seq - 1;
        string hash = head.Hash;
        List<Datum[]> rows = unit.Execute(AuditSql.Unchained, Datum.Of((long)Batch));
        for (int i = 0; i < rows.Count; i++)
        {
            Datum[] row = rows[i];
            string commitment = AuditHash.Commitment(salts[i], PersonOf(row));
            hash = hashes.OfEntry(hash, ++last, row[0].Uuid(), row[1].Text, row[6].Time()!.Value, commitment);
            unit.Execute(AuditSql.Chain, row[0], Datum.Of(last), Datum.Of(salts[i]), Datum.Of(commitment), Datum.Of(hash));
        }
        bool more = rows.Count == Batch;
        Set(unit, new Head(last, hash, more));
        return more;
    }

    private void Append(IStoreTransaction unit, LogLine line)
    {
        Head head = Take(unit);
        var person = new AuditPerson(line.Actor?.ToString("D"), line.ActorName, line.Payload, line.Ip);
        string commitment = AuditHash.Commitment(line.Salt, person);
        string hash = hashes.OfEntry(head.Hash, head.Seq, line.Id, line.Action, line.At, commitment);
        unit.Execute(
            AuditSql.Insert,
            StoreValues.Of(line.Id),
            Datum.Of(line.Action),
            StoreValues.Of(line.Actor),
            StoreValues.OfText(line.ActorName),
            Datum.Of(line.Payload),
            Datum.Of(line.Ip),
            StoreValues.Of(line.At),
            Datum.Of(head.Seq),
            Datum.Of(line.Salt),
            Datum.Of(commitment),
            Datum.Of(hash)
        );
        Set(unit, head with { Hash = hash });
    }

    /// <summary>
    /// Inside the unit that deletes a person: their entries keep action, time and place in the chain, under a pseudonym drawn
    /// for this once; what they were is gone with the salts.
    /// </summary>
    public void Erase(IStoreTransaction unit, User user, Guid pseudonym)
    {
        string id = pseudonym.ToString("D");
        List<Datum[]> rows;
        do
        {
            rows = unit.Execute(AuditSql.OfPerson, StoreValues.Of(user.Id), StoreValues.OfText(user.Email), StoreValues.OfText(user.Phone), Datum.Of((long)Batch));
            foreach (Datum[] row in rows)
            {
                string? name = row[2].TextOrNull() == AuditEntry.Service ? AuditEntry.Service : null;
                var left = new AuditPerson(id, name, AuditEntry.ErasedPayload(row[1].Text, id), "");
                Datum erased = row[4].IsNull ? Datum.Null : Datum.Of(hashes.OfErased(row[3].Integer, row[4].Text, left));
                unit.Execute(AuditSql.Erase, row[0], StoreValues.Of(pseudonym), StoreValues.OfText(name), Datum.Of(left.Payload), erased);
            }
        } while (rows.Count == Batch);
    }

    public static AuditPerson PersonOf(Datum[] row) => new(row[2].TextOrNull(), row[3].TextOrNull(), row[4].Text, row[5].Text);

    private sealed record Head(long Seq, string Hash, bool Adopting);

    private static Head Take(IStoreTransaction unit) =>
        unit.Execute(AuditSql.Next) is [var row]
            ? new Head(row[0].Integer, row[1].Text, row[3].IsTrue())
            : throw new InvalidOperationException("auth.audit_chain has no row: the end of the audit log was removed; look with: tenon audit verify");

    private void Set(IStoreTransaction unit, Head head) =>
        unit.Execute(AuditSql.SetHead, Datum.Of(head.Seq), Datum.Of(head.Hash), Datum.Of(hashes.OfHead(head.Seq, head.Hash, head.Adopting)), Datum.Of(head.Adopting));
}
