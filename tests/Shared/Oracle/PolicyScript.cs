namespace Tenon.Testing;

/// <summary>A setting of the comparison with PostgreSQL: everything in PostgreSQL's SQL.</summary>
internal sealed record PolicyScript(string Postgres)
{
    /// <summary>The same tables, rows and triggers in MariaDB's SQL, after the ones before are gone.</summary>
    public string Attached { get; init; } = "";

    /// <summary>What policies.sql of the attached database says.</summary>
    public string AttachedPolicies { get; init; } = "";

    /// <summary>
    /// An upsert that finds its row means the same in both. Where a trigger changes rows before they are inserted PostgreSQL merges
    /// what the trigger made of them, an attached database what was proposed: its trigger does not run.
    /// </summary>
    public bool Merges => !Attached.Contains("before insert", StringComparison.Ordinal);

    /// <summary>A row is checked after it is written, so that its constraints are asked first.</summary>
    public bool ChecksLate => Attached.Contains("create trigger", StringComparison.Ordinal);

    public bool IsAttached => Attached.Length > 0;

    public override string ToString() => Postgres;
}

/// <summary>Triggers that say the same in both databases.</summary>
internal static class AttachedTriggers
{
    private static readonly (string Postgres, string MariaDb)[] Bodies =
    [
        ("new.status := lower(new.status);", "set new.status = lower(new.status)"),
        ($"new.owner := coalesce(new.owner, '{PolicySchema.Bob}');", $"set new.owner = coalesce(new.owner, '{PolicySchema.Bob}')"),
        ("new.org := coalesce(new.org, 2);", "set new.org = coalesce(new.org, 2)"),
        (
            "if new.status = 'private' then new.secret := 25; end if;",
            "set new.secret = if(new.status collate utf8mb4_bin = 'private', 25, new.secret)"
        ),
    ];

    public static (string Postgres, string MariaDb) Make(Draws draws)
    {
        if (!draws.Chance(35))
        {
            return ("", "");
        }
        (string ours, string theirs) = draws.Of(Bodies);
        string events = draws.Of("insert", "update", "insert or update");
        return (
            $"create function guard_docs() returns trigger language plpgsql as $$ begin {ours} return new; end $$;\n"
                + $"create trigger guard before {events} on docs for each row execute function guard_docs();\n",
            string.Concat(events.Split(" or ").Select(e => $"create trigger guard_{e} before {e} on docs for each row {theirs};\n"))
        );
    }
}
