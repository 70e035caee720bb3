using Tenon.Core.Catalog;
using Tenon.Core.Policies;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite.Writing;

// Foreign keys where SQLite's own keeping of them is not enough: actions on rows with triggers, which SQLite would pass by;
// rows of one statement that refer to each other; and migrations that rebuild a table, which run with foreign keys off.
internal sealed partial class SqliteWriteSession
{
    private static readonly SqliteSql Defer = new("PRAGMA defer_foreign_keys = on");
    private static readonly SqliteSql DeferNoMore = new("PRAGMA defer_foreign_keys = off");

    private bool together;

    // Only migrations and what the owner runs come here.
    private ErrorKnowledge OfOwner => new(catalog, Principal.Owner);

    private bool KeysAreOurs => !context.Connection.KeepsForeignKeys;

    /// <summary>Actions run as the tables' owner; who signed in stays known.</summary>
    private static StatementArguments AsOwner(StatementArguments arguments) =>
        new()
        {
            Slots = arguments.Slots,
            Variables = arguments.Variables,
            Context = arguments.Context.As(Principal.Owner.Role),
        };

    private bool NeedsOld(TableProgram program) =>
        program.HasTriggers || program.Incoming.Any(i => i.FiresOnDelete) || (KeysAreOurs && program.Incoming.Length > 0);

    // ---- many rows of one statement ----

    /// <summary>Runs the writing of several rows so that they are held together only at the end, as a statement's rows are.</summary>
    private void Together(TableProgram program, int rows, Action write)
    {
        // Keys that wait for the commit are counted with the others, so there the two could not be told apart.
        bool alone = rows < 2 || !program.RefersToItself || program.Table.ForeignKeys.Any(k => k.InitiallyDeferred);
        if (alone || KeysAreOurs || together || context.Connection.HasDeferredViolations)
        {
            write();
            return;
        }
        context.Connection.Execute(Defer);
        together = true;
        try
        {
            write();
            // Before it is switched off, which forgets what is open.
            if (context.Connection.HasDeferredViolations)
            {
                throw new SqliteException(SqliteErrors.Describe(Native.ConstraintForeignKey, "FOREIGN KEY constraint failed"));
            }
        }
        finally
        {
            together = false;
            context.Connection.Execute(DeferNoMore);
        }
    }

    // ---- actions ----

    /// <summary>What the references to a row ask for before it goes.</summary>
    private void ActOnDelete(TableProgram program, Datum[] old, StatementArguments arguments)
    {
        foreach (IncomingKey incoming in program.Incoming)
        {
            bool acts = incoming.Key.OnDelete is ReferentialAction.Cascade or ReferentialAction.SetNull;
            if (!acts || !(incoming.FiresOnDelete || KeysAreOurs))
            {
                continue;
            }
            TableProgram child = TableProgram.Of(catalog, incoming.Child);
            StatementArguments owner = AsOwner(arguments);
            foreach (long key in Children(program, incoming, old))
            {
                if (incoming.Key.OnDelete == ReferentialAction.Cascade)
                {
                    DeleteByKey(child, key, owner);
                }
                else
                {
                    SetReference(child, incoming.Key, key, _ => Datum.Null, owner);
                }
            }
        }
    }

    /// <summary>After a row changed, where SQLite does not look: its references must exist, and those to it follow or refuse.</summary>
    private void ActOnUpdate(TableProgram program, Datum[] old, Datum[] changed, StatementArguments arguments)
    {
        if (!KeysAreOurs)
        {
            return;
        }
        foreach (IncomingKey incoming in program.Incoming)
        {
            if (incoming.Key.TargetColumns.All(c => old[program.Table.OrdinalOf(c)].Equals(changed[program.Table.OrdinalOf(c)])))
            {
                continue;
            }
            TableProgram child = TableProgram.Of(catalog, incoming.Child);
            foreach (long key in Children(program, incoming, old))
            {
                switch (incoming.Key.OnUpdate)
                {
                    case ReferentialAction.Cascade:
                        SetReference(child, incoming.Key, key, c => changed[program.Table.OrdinalOf(c)], AsOwner(arguments));
                        break;
                    case ReferentialAction.SetNull:
                        SetReference(child, incoming.Key, key, _ => Datum.Null, AsOwner(arguments));
                        break;
                    default:
                        throw SqliteConstraints.StillReferenced(program.Table, incoming.Child, incoming.Key, old, OfOwner).ToException();
                }
            }
        }
    }

    private void SetReference(TableProgram child, ForeignKey reference, long key, Func<string, Datum> valueOf, StatementArguments arguments)
    {
        if (ReadRow(child, key) is not { } old)
        {
            return;
        }
        var changed = (Datum[])old.Clone();
        int[] set = [.. reference.Columns.Select(child.Table.OrdinalOf)];
        for (int i = 0; i < set.Length; i++)
        {
            changed[set[i]] = valueOf(reference.TargetColumns[i]);
        }
        if (Before(child, TriggerEvents.Update, old, changed, arguments, set) is { } kept)
        {
            ComputeGenerated(child, kept, arguments);
            UpdateRow(child, key, old, kept, arguments, set);
        }
    }

    private List<long> Children(TableProgram program, IncomingKey incoming, Datum[] old)
    {
        var wanted = new Datum[incoming.Child.Columns.Length + 1];
        for (int i = 0; i < incoming.Key.Columns.Length; i++)
        {
            wanted[incoming.Child.OrdinalOf(incoming.Key.Columns[i])] = old[program.Table.OrdinalOf(incoming.Key.TargetColumns[i])];
        }
        SqliteCompiled lookup = TableProgram.Of(catalog, incoming.Child).Lookup([.. incoming.Key.Columns.Select(incoming.Child.OrdinalOf)]);
        var keys = new List<long>();
        using RowReader reader = Run(lookup, new StatementArguments { Slots = wanted, Context = NoContext });
        while (reader.Read())
        {
            keys.Add(reader.GetInt64(0));
        }
        return keys;
    }

    // ---- checks, where SQLite does not ----

    /// <summary>The row's own references exist; keys that wait for the commit are looked at by foreign_key_check at the end.</summary>
    private void DemandParents(TableProgram program, Datum[] row)
    {
        if (KeysAreOurs && MissingParent(program, row) is { InitiallyDeferred: false } key)
        {
            throw SqliteConstraints.ForeignKey(program.Table, key, row, OfOwner).ToException();
        }
    }

    private void DemandNoChildren(TableProgram program, Datum[] old)
    {
        if (!KeysAreOurs)
        {
            return;
        }
        foreach (IncomingKey incoming in program.Incoming.Where(i => !i.Key.InitiallyDeferred))
        {
            if (Children(program, incoming, old).Count > 0)
            {
                throw SqliteConstraints.StillReferenced(program.Table, incoming.Child, incoming.Key, old, OfOwner).ToException();
            }
        }
    }
}
