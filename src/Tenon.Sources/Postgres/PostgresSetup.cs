using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using Tenon.Core.Codegen;

namespace Tenon.Sources.Postgres;

/// <summary>One part of Setup.sql: what it makes, why, and how to see that it is there.</summary>
internal sealed record SetupPart(string Name, string Reason, string? Check, bool Optional, string Sql)
{
    public string Fact => "setup:" + Name;

    /// <summary>A part that another version wrote differently is run again.</summary>
    public string Stamp => MainDatabase.ChecksumOf(Sql);

    /// <summary>The statement by which a part without a check is remembered.</summary>
    public string Record =>
        "insert into tenon.facts values (" + SqlNames.Literal(Fact) + ", " + SqlNames.Literal(Stamp) + ") on conflict (name) do update set value = excluded.value";
}

/// <summary>
/// What Tenon needs in a database, part by part: only what is missing is run, so that a database which an administrator has
/// prepared can be served by a user with few rights.
/// </summary>
internal static class PostgresSetup
{
    private static readonly Lazy<ImmutableArray<SetupPart>> Known = new(() => Cut(PostgresTexts.Read("Setup")));

    /// <summary>The parts that are missing, in their order, made out for this user.</summary>
    public static async Task<ImmutableArray<SetupPart>> MissingAsync(NpgsqlConnection connection, string user, CancellationToken cancellation)
    {
        var missing = ImmutableArray.CreateBuilder<SetupPart>();
        foreach (SetupPart part in Known.Value.Select(p => For(p, user)))
        {
            if (!await IsThereAsync(connection, part, cancellation).ConfigureAwait(false))
            {
                missing.Add(part);
            }
        }
        return missing.DrainToImmutable();
    }

    /// <summary>Runs what is missing, within the transaction that the connection is in.</summary>
    public static async Task RunAsync(NpgsqlConnection connection, string user, CancellationToken cancellation)
    {
        foreach (SetupPart part in Known.Value.Select(p => For(p, user)))
        {
            // Looked at one by one: a part may bring what the next one asks for.
            if (await IsThereAsync(connection, part, cancellation).ConfigureAwait(false))
            {
                continue;
            }
            await ExecuteAsync(connection, part.Sql, cancellation).ConfigureAwait(false);
            if (part.Check is null)
            {
                await ExecuteAsync(connection, part.Record, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task<bool> IsThereAsync(NpgsqlConnection connection, SetupPart part, CancellationToken cancellation)
    {
        const string MayRead = "select coalesce(has_table_privilege(to_regclass('tenon.facts'), 'select'), false)";
        if (part.Check is { } check)
        {
            return await AskAsync(connection, "select " + check, cancellation).ConfigureAwait(false);
        }
        return await AskAsync(connection, MayRead, cancellation).ConfigureAwait(false)
            && await AskAsync(connection, "select exists (select from tenon.facts where name = $1 and value = $2)", cancellation, part.Fact, part.Stamp)
                .ConfigureAwait(false);
    }

    private static async Task<bool> AskAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation, params string[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (string value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }
        return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is true;
    }

    private static SetupPart For(SetupPart part, string user) =>
        part with { Sql = For(part.Sql, user), Check = part.Check is null ? null : For(part.Check, user) };

    private static string For(string text, string user) =>
        text.Replace("{user}", SqlNames.Name(user), StringComparison.Ordinal).Replace("{name}", SqlNames.Literal(user), StringComparison.Ordinal);

    private static ImmutableArray<SetupPart> Cut(string text)
    {
        var parts = ImmutableArray.CreateBuilder<SetupPart>();
        foreach (string section in text.Split("\n--:: ").Skip(1))
        {
            string[] lines = section.Split('\n');
            string? Marked(string mark) => lines.FirstOrDefault(l => l.StartsWith(mark, StringComparison.Ordinal))?[mark.Length..].Trim();
            IEnumerable<string> sql = lines.Skip(1).Where(l => !l.StartsWith("--: ", StringComparison.Ordinal) && !l.StartsWith("--? ", StringComparison.Ordinal) && l != "--!");
            parts.Add(new SetupPart(lines[0].Trim(), Marked("--: ") ?? "", Marked("--? "), lines.Contains("--!"), string.Join('\n', sql).Trim()));
        }
        return parts.DrainToImmutable();
    }
}
